import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { simulateReadings } from './readings/simulate-readings.ts'
import { runLife, type Script } from './run-life.ts'
import { shrink } from './shrink.ts'
import { runSharedLife, simulateShared, type SharedScript } from './shared/shared-life.ts'
import { simulate, type SimulationOptions, type SimulationResult } from './simulate.ts'
import type { Violation } from './violation.ts'

const help = `Simulates pods with failing disks, clocks, processes and answers, and checks the book after each event.

usage: npm run simulate -- [options]

  --hours <n>      how many hours of pods (10000), and a fifth as many of products with customers
  --seed <n>       the seed of every random choice (a new one, printed)
  --disk-hours <n> how many more over the real store on files (1000)
  --shared-hours <n> how many more of sidecars that share a database (1000), and a fifth with customers
  --script <file>  plays one script as a failure prints it`

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '10000' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
    'disk-hours': { type: 'string', default: '1000' },
    'shared-hours': { type: 'string', default: '1000' },
    script: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const numbers = [values.hours, values.seed, values['disk-hours'], values['shared-hours']]
if (numbers.some((value) => !/^\d+$/.test(value))) {
  console.error(help)
  process.exit(2)
}
const fifthOf = (hours: string) => String(Math.ceil(Number(hours) / 5))
const fifth = fifthOf(values.hours)
const fifthShared = fifthOf(values['shared-hours'])
process.exit(
  values.script === undefined
    ? (await run('the model store', values.hours, simulate, runLife)) ||
        (await run('the model store with customers', fifth, withCustomers, runLife)) ||
        (await run('the SQLite store', values['disk-hours'], onFiles, runLife)) ||
        (await runReadings(Number(values.hours) / 10)) ||
        (await run('a shared store', values['shared-hours'], simulateShared, runSharedLife)) ||
        (await run(
          'a shared store with customers',
          fifthShared,
          sharedWithCustomers,
          runSharedLife,
        ))
    : await play(JSON.parse(readFileSync(values.script, 'utf8')) as Script | SharedScript),
)

function withCustomers(options: SimulationOptions) {
  return simulate({ ...options, customers: true })
}

function sharedWithCustomers(options: SimulationOptions) {
  return simulateShared({ seed: options.seed, hours: options.hours, customers: true })
}

function onFiles(options: SimulationOptions) {
  return simulate({ ...options, store: 'sqlite' })
}

async function run<S extends Script | SharedScript>(
  store: string,
  hours: string,
  simulateHours: (options: { readonly seed: number; readonly hours: number }) => Promise<
    Omit<SimulationResult, 'failure'> & {
      readonly failure: { readonly seed: number; script: S; violation: Violation } | undefined
    }
  >,
  playOne: (script: S) => Promise<{ readonly violation: Violation | undefined }>,
): Promise<number> {
  const seed = Number(values.seed)
  console.log(`${hours} hours over ${store}, seed ${seed}`)
  const startedAt = performance.now()
  const result = await simulateHours({ hours: Number(hours), seed })
  const seconds = (performance.now() - startedAt) / 1000
  for (const line of result.coverage.lines()) console.log(line)
  const speed = Math.round(result.hours / seconds)
  console.log(
    `${Math.round(result.hours)} hours of ${result.lives} lives in ${seconds.toFixed(1)} s: ${speed} hours a second`,
  )
  if (result.failure === undefined) return 0
  const { seed: failing, violation } = result.failure
  console.log(`seed ${failing} broke an invariant: ${violation.message}`)
  const shortest = await shrink(result.failure, playOne)
  console.log(`the shortest script, for --script: ${shortest.violation.message}`)
  console.log(textOf(shortest.script))
  return 1
}

/** What is measured and counted, against a plain model of the bill. */
async function runReadings(hours: number): Promise<number> {
  const { coverage, failure, ...played } = await simulateReadings({
    hours,
    seed: Number(values.seed),
  })
  for (const line of coverage.lines()) console.log(line)
  console.log(`${Math.round(played.hours)} hours of ${played.lives} lives of readings`)
  if (failure === undefined) return 0
  console.log(`seed ${failure.seed} has a wrong bill: ${failure.violation.message}`)
  for (const event of failure.events) console.log(`  ${JSON.stringify(event)}`)
  return 1
}

async function play(script: Script | SharedScript): Promise<number> {
  const { violation } = await ('sidecars' in script ? runSharedLife(script) : runLife(script))
  console.log(violation?.message ?? 'every invariant holds')
  return violation === undefined ? 0 : 1
}

/** One event a line. */
function textOf({ events, ...script }: Script | SharedScript): string {
  const lines = events.map((event) => `  ${JSON.stringify(event)}`)
  return `${JSON.stringify(script).slice(0, -1)}, "events": [\n${lines.join(',\n')}\n]}`
}
