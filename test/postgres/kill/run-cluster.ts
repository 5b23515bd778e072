import { parseArgs } from 'node:util'
import { migrateDatabase } from '../../../src/store/postgres/migrations/migrate-database.ts'
import { createServerFolder, removeServer, urlOf } from '../support/server.ts'
import { runClusterKillTest } from './cluster-kill-test.ts'

const { values } = parseArgs({
  options: {
    sidecars: { type: 'string', default: '20' },
    hours: { type: 'string', default: '50' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
  },
})
const server = await createServerFolder()
// What runs in the background ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    removeServer(server)
    process.exit(1)
  })
const { sidecars, hours, seed } = values
console.log(`${sidecars} sidecars, ${hours} hours, seed ${seed}`)
const url = urlOf(server, 'postgres')
await migrateDatabase(url, undefined)
const { violations, ...counts } = await runClusterKillTest({
  url,
  sidecars: Number(sidecars),
  hours: Number(hours),
  seed: Number(seed),
  log: (line) => console.log(line),
})
console.log(counts)
for (const violation of violations.slice(0, 50)) console.error(`- ${violation}`)
if (violations.length === 0) removeServer(server)
else console.error(`\nseed ${seed}; the database is kept at ${url}`)
process.exit(violations.length === 0 ? 0 : 1)
