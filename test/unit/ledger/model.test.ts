import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { steps } from '../../../src/kernel/events.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { weathers, type Weather } from '../../support/aws/model-answers.ts'
import { ModelWorld } from '../../support/ledger/model-world.ts'
import { jsonOf } from '../../support/json-of.ts'

const runs = Number(process.env['MODEL_RUNS'] ?? 150)

const dimension = fc.constantFrom('requests', 'storage')
const tags = fc.constantFrom(
  untagged,
  untagged,
  ...['a', 'b', 'c', 'd'].map((value) => canonicalTags([{ key: 'team', value }])),
)
const quantity = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 5_000_000n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 5_000_000_000n }) },
  { weight: 1, arbitrary: fc.constant(3_000_000_000_000_000n) },
)

interface Action {
  readonly name: string
  readonly run: (world: ModelWorld) => Promise<void> | void
  readonly [fc.toStringMethod]: () => string
}

const verbs = {
  report: (world, ...args) => world.report(...args),
  advance: (world, ms) => world.advance(ms),
  weather: (world, ...weather) => world.aws.forecast(...weather),
  crash: (world, ...plan) => world.planCrash(...plan),
  step: (world, ms) => world.stepClock(ms),
  late: (world, ...turns) => world.lateness.plan(...turns),
  move: (world, times) => world.moveFirst(times),
  restart: (world, ...how) => world.restart(...how),
} satisfies Verbs
interface Verbs {
  report: (world: ModelWorld, ...args: Parameters<ModelWorld['report']>) => Promise<void>
  advance: (world: ModelWorld, ms: number) => Promise<void>
  weather: (world: ModelWorld, ...weather: Weather[]) => void
  crash: (world: ModelWorld, ...plan: Parameters<ModelWorld['planCrash']>) => void
  step: (world: ModelWorld, ms: number) => Promise<void>
  late: (world: ModelWorld, ...turns: number[]) => void
  move: (world: ModelWorld, times: number) => void
  restart: (world: ModelWorld, ...how: Parameters<ModelWorld['restart']>) => Promise<void>
}
type Arguments<V extends keyof Verbs> =
  Parameters<Verbs[V]> extends [ModelWorld, ...infer A] ? A : never

function act<V extends keyof Verbs>(verb: V, ...args: Arguments<V>): Action {
  const name = `${verb} ${args.map(String).join(' ')}`
  const run = verbs[verb] as (world: ModelWorld, ...all: Arguments<V>) => Promise<void> | void
  return { name, run: (world) => run(world, ...args), [fc.toStringMethod]: () => name }
}

/** Scripts that failed once. They stay. */
const keptCases: readonly { readonly name: string; readonly script: readonly Action[] }[] = [
  {
    name: 'a report that was recorded, and repeated when its time had passed',
    script: [
      act('crash', 'group-committed', 1, false),
      act('report', 'requests', 2_000_000n, untagged, 3),
      act('advance', 7 * hourMs),
    ],
  },
]

const actions = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(dimension, quantity, tags, fc.constantFrom(0, 0, 0, 1, 3, 5))
      .map((args) => act('report', ...args)),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(1000, 60_000, 20 * 60_000, hourMs, hourMs, 7 * hourMs)
      .map((ms) => act('advance', ms)),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom(...weathers), { maxLength: 6 })
      .map((weather) => act('weather', ...weather)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...steps), fc.integer({ min: 1, max: 4 }), fc.boolean())
      .map((plan) => act('crash', ...plan)),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom(0, 1, 3, 10, 40, 100), { minLength: 1, maxLength: 8 })
      .map((turns) => act('late', ...turns)),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 2 }).map((times) => act('move', times)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-hourMs, hourMs, -600_000).map((ms) => act('step', ms)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.boolean(), fc.constantFrom(false, false, true))
      .map((how) => act('restart', ...how)),
  },
)

/** After every action: nothing acknowledged is missing, and every unit is in one place. */
async function checkConservation(world: ModelWorld): Promise<void> {
  const balances = await world.ledger.audit()
  for (const { imbalance } of balances) expect(imbalance).toBe(0n)
  for (const name of ['requests', 'storage']) {
    const reported = balances.find((balance) => balance.dimension === name)?.reported ?? 0n
    const acknowledged = sum(
      [...world.acknowledged.values()].filter((known) => known.dimension === name),
    )
    if (world.unacknowledged === 0) expect(reported).toBe(acknowledged)
    else expect(reported).toBeGreaterThanOrEqual(acknowledged)
  }
}

/** At the end: AWS and the ledger agree on every record, and no hour is billed for what was moved on. */
function checkBilling(world: ModelWorld): void {
  expect(world.aws.overlaps).toEqual([])
  const records = world.records()
  const find = (wanted: { resource: string; dimension: string; hour: number }) =>
    records.find(
      ({ resource, dimension: name, hour }) =>
        resource === wanted.resource && name === wanted.dimension && hour === wanted.hour,
    )
  for (const entry of world.aws.entries.values()) {
    if (!entry.ours) continue
    const record = find(entry)
    expect(record?.state, jsonOf(entry)).toBeOneOf(['accepted', 'unresolved'])
    expect(record?.quantity).toBe(entry.quantity)
  }
  const billed = [...world.aws.entries.values()]
  for (const record of records.filter(({ state }) => state === 'accepted'))
    expect(
      billed.some(
        ({ ours, resource, dimension: name, hour, quantity: size }) =>
          ours &&
          resource === record.resource &&
          name === record.dimension &&
          hour === record.hour &&
          size === record.quantity,
      ),
      jsonOf(record),
    ).toBe(true)
}

function sum(reports: readonly { readonly quantity: bigint }[]): bigint {
  return reports.reduce((total, { quantity: size }) => total + size, 0n)
}

async function runScript(script: readonly Action[]): Promise<void> {
  const world = await ModelWorld.create()
  try {
    for (const { run } of script) {
      await run(world)
      await checkConservation(world)
    }
    world.clearUp()
    await world.advance(60_000)
    for (let round = 0; world.unacknowledged > 0 && round < 10; round += 1) await world.repeat()
    expect(world.unacknowledged).toBe(0)
    for (let hour = 0; hour < 12 && (await isUnsettled(world)); hour += 1)
      await world.advance(hourMs)
    await checkConservation(world)
    expect(await world.ledger.pendingRecords()).toEqual([])
    checkBilling(world)
  } finally {
    await world.destroy()
  }
}

async function isUnsettled({ ledger }: ModelWorld): Promise<boolean> {
  const { pending, open } = await ledger.usage()
  return pending.length + open.length > 0
}

/** What went wrong, with the seed and the path that bring it back; undefined when all is well. */
async function failureOf(
  parameters: fc.Parameters<[script: readonly Action[]]>,
): Promise<string | undefined> {
  const property = fc.asyncProperty(fc.array(actions, { minLength: 1, maxLength: 40 }), runScript)
  return fc.defaultReportMessage(await fc.check(property, parameters))
}

describe('whatever happens to reports, clock, process and answers', () => {
  test(
    'nothing acknowledged is lost and nothing is billed twice',
    { timeout: 600_000 },
    async () => {
      expect(await failureOf({ numRuns: runs })).toBeUndefined()
    },
  )

  test.each(keptCases)('nor after $name', async ({ script }) => {
    await expect(runScript(script)).resolves.toBeUndefined()
  })
})
