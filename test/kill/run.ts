import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseDuration } from '../../src/cli/duration.ts'
import { runKillTest, type KillTestResult } from './kill-test.ts'

const help = `Kills the sidecar under load, and compares what it acknowledged with what AWS billed.

usage: npm run test:kill -- [options]

  --kills <n>      how often (25)
  --seed <n>       the seed of every random choice (a new one, printed)
  --clients <n>    applications that report (6)
  --hour <length>  how long an hour lasts (4s)`

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '25' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
    clients: { type: 'string', default: '6' },
    hour: { type: 'string', default: '4s' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const wrong = (['kills', 'seed', 'clients'] as const).filter((name) => !/^\d+$/.test(values[name]))
const realHourMs = parseDuration(values.hour)
if (wrong.length > 0 || realHourMs === undefined) {
  console.error(help)
  process.exit(2)
}

const startedAt = performance.now()
const directory = mkdtempSync(join(tmpdir(), 'marketplace-sidecar-kill-'))
console.log(`${values.kills} kills, seed ${values.seed}`)
process.exit(await run(realHourMs))

async function run(realHour: number): Promise<number> {
  try {
    const result = await runKillTest({
      kills: Number(values.kills),
      seed: Number(values.seed),
      clients: Number(values.clients),
      realHourMs: realHour,
      directory,
      log: (line) => console.log(line),
    })
    print(result)
    if (result.violations.length > 0) throw new Error(describe(result.violations))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error(`\nseed ${values.seed}; the ledger is kept in ${directory}`)
    return 1
  }
  rmSync(directory, { recursive: true, force: true })
  console.log('\nWhat was acknowledged was billed once, to the unit.')
  return 0
}

function print({ table, unresolved, ...counts }: KillTestResult): void {
  console.log(`\n${table.toString()}\n\nA moment can be in several phases at once.\n`)
  for (const [name, value] of Object.entries({
    kills: Number(values.kills),
    starts: counts.lives,
    'reports acknowledged': counts.acknowledgedReports,
    'requests repeated': counts.retries,
    'records billed': counts.records,
    'calls to AWS': counts.calls,
    ...counts.troubles,
    'records unresolved': unresolved.length,
    'duration, s': Math.round((performance.now() - startedAt) / 1000),
  }))
    console.log(`${name.padEnd(28)}${String(value).padStart(8)}`)
  for (const text of unresolved) console.log(`unresolved: ${text}`)
}

function describe(violations: readonly string[]): string {
  const shown = violations.slice(0, 50).map((text) => `- ${text}`)
  return [`\n${violations.length} violations`, ...shown].join('\n')
}
