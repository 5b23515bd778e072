import { parseArgs } from 'node:util'
import { createServerFolder, removeServer, urlOf } from '../support/server.ts'
import { migrateDatabase } from '../../../src/store/postgres/migrations/migrate-database.ts'
import { runSharedKillTest } from './shared-kill-test.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
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
console.log(`${values.kills} kills, seed ${values.seed}`)
const url = urlOf(server, 'postgres')
await migrateDatabase(url, undefined)
const { violations, done, ...counts } = await runSharedKillTest({
  server,
  url,
  kills: Number(values.kills),
  seed: Number(values.seed),
  log: (line) => console.log(line),
})
console.log(Object.fromEntries(done), counts)
for (const violation of violations.slice(0, 50)) console.error(`- ${violation}`)
if (violations.length === 0) removeServer(server)
else console.error(`\nseed ${values.seed}; the database is kept at ${url}`)
process.exit(violations.length === 0 ? 0 : 1)
