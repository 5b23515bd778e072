import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BatchMeterUsageRequest, MeteringApi } from '../../../src/aws/metering-api.ts'
import { batchMeterUsage } from '../../../src/channels/batch-meter-usage/batch-meter-usage.ts'
import { Sender } from '../../../src/channels/sender.ts'
import { createFastClock, type Clock } from '../../../src/kernel/clock.ts'
import { Allowance } from '../../../src/kernel/allowance.ts'
import { Events } from '../../../src/kernel/events.ts'
import { auditStore } from '../../../src/ledger/audit/audit-store.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.ts'
import type { Result } from '../../result.ts'
import type { Row } from '../bench.ts'
import { reportOf } from '../ledger-alone.ts'
import { addHistory } from './history.ts'
import { longestStall } from './longest-stall.ts'
import { memoryOfProcess } from './process-memory.ts'
import { createSilentLog } from '../../../test/support/silent-log.ts'

const dimensions = ['requests', 'storage', 'seats']
const mostStallMs = 50
const mostMemory = 60
const mostSeconds = 300
/** AWS's quota, and about how long a call takes. */
const callsPerSecond = 10
const callMs = 20

interface World {
  readonly keys: readonly string[]
  readonly ledger: Ledger
  readonly audit: () => Promise<void>
  readonly clock: Clock
}

/**
 * Measures a SaaS product with many customers: with the records of a week in the ledger, the reports of an
 * hour, its sealing and audit, how long its records take to an AWS that throttles at its quota, and the memory of a
 * real process.
 */
export const customers: Row = async ({ build, rounds }) => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-customers-'))
  const start = hourOf(Date.now()) - hourMs
  const isWhole = rounds > 3
  const length = isWhole ? 10_000 : 1000
  const keys = Array.from({ length }, (_, index) => `customer-${index}`)
  try {
    const empty = await withWorld({ directory, keys }, start, async (world) => {
      for (const key of keys)
        void world.ledger.customers?.register({
          customer: key,
          names: { identifier: key },
          reactivates: false,
        })
      const seconds = await reportAll(world)
      await seal(world, start)
      await send(world, Number.POSITIVE_INFINITY)
      return seconds
    })
    addHistory(directory, isWhole ? 166 : 24)
    return await withWorld({ directory, keys }, start + hourMs, async (world) => {
      await sleep(500)
      const full = await reportAll(world)
      const stalls = {
        gauges: await longestStall(() => world.ledger.gauges()),
        sealing: await longestStall(() => seal(world, start + hourMs)),
        audit: await longestStall(world.audit),
        'gauges of what waits': await longestStall(() => world.ledger.gauges()),
        'usage view': await longestStall(() => world.ledger.usage()),
      }
      const startedAt = performance.now()
      const sending = await longestStall(() => send(world, callsPerSecond))
      const seconds = (performance.now() - startedAt) / 1000
      const reports = length * dimensions.length
      const { idle, most } = await memoryOfProcess(build, keys, dimensions)
      return [
        {
          name: 'customers, reports with records of earlier hours',
          unit: 'reports/s',
          ours: reports / full,
          baseline: reports / empty,
          ratio: empty / full,
          target: { of: 'ratio', atLeast: 0.9 },
        },
        ...Object.entries({ ...stalls, sending }).map(([step, ours]): Result => ({
          name: `customers, longest stall, ${step}`,
          unit: 'ms',
          ours,
          target: { of: 'ours', atMost: mostStallMs },
        })),
        {
          name: 'customers, the records of an hour to AWS under its quota',
          unit: 's',
          ours: seconds,
          target: { of: 'ours', atMost: mostSeconds },
        },
        {
          name: 'customers, memory of a process above idle',
          unit: 'MB',
          ours: most - idle,
          target: { of: 'ours', atMost: mostMemory },
        },
      ]
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function withWorld<T>(
  { directory, keys }: { readonly directory: string; readonly keys: readonly string[] },
  now: number,
  use: (world: World) => Promise<T>,
): Promise<T> {
  const clock = createFastClock(1, now + 60_000)
  const meaningOf = () => ({ productCode: '1a2b3cdemo4d5e6f7g8h9i0jk', divisor: 1n })
  const common = { clock, events: new Events(), log: createSilentLog(), meaningOf }
  const store = await openSqliteStore({ ...common, directory, now: clock.now() })
  const ledger = await Ledger.open({
    ...common,
    store,
    resource: 'saas:bench',
    customers: { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' },
    maxTagSets: 2500,
    maxPerHour: () => undefined,
    lateUsage: 'carry',
    onFatal: (error) => {
      throw error
    },
  })
  try {
    return await use({ keys, ledger, clock, audit: () => auditStore({ ...common, store }) })
  } finally {
    await ledger.close()
  }
}

/** Reports usage of every customer and dimension, 16 at a time; returns the seconds that it took. */
async function reportAll({ keys, ledger }: World): Promise<number> {
  const startedAt = performance.now()
  const left = keys.values()
  const write = async () => {
    for (const customer of left)
      for (const dimension of dimensions)
        await ledger.report({
          reports: [{ ...reportOf(dimension), customer }],
          idempotencyKey: undefined,
        })
  }
  await Promise.all(Array.from({ length: 16 }, write))
  return (performance.now() - startedAt) / 1000
}

async function seal({ keys, ledger }: World, hour: number): Promise<void> {
  let records = 0
  const sealing = ledger.seal({
    before: hour + hourMs,
    now: hour + hourMs,
    // As where AWS has said what time it is.
    foldAfter: hour + 2 * hourMs,
    plan: (input) =>
      planSeal(input, {
        zeroRecords: false,
        formOf: () => 'whole',
        clientTokenOf: (resource, content) => batchMeterUsage.clientTokenOf(resource, content),
        onFolded: () => {},
      }),
    zeroHours: [],
  })
  for await (const _ of sealing) records += 1
  if (records !== keys.length * dimensions.length) throw new Error(`${records} records were sealed`)
}

/** Sends everything to an AWS that accepts so many calls a second. */
async function send({ ledger, clock }: World, perSecond: number): Promise<void> {
  const rules = { burst: perSecond, refillMs: 1000 / perSecond }
  const allowance = Number.isFinite(perSecond) ? new Allowance(rules, clock) : undefined
  let id = 0
  const notHere = () => Promise.reject(new Error('not here'))
  const api: MeteringApi = {
    async batchMeterUsage({ records }: BatchMeterUsageRequest) {
      if (allowance !== undefined) await sleep(callMs)
      if ((allowance?.use() ?? 0) > 0) return throttled
      const results = records.map(() => ({
        status: 'Success' as const,
        meteringRecordId: `id-${clock.now()}-${(id += 1)}`,
      }))
      return { ok: true, value: { results } }
    },
    meterUsage: notHere,
    registerUsage: notHere,
    dryRun: notHere,
    forward: notHere,
    close: () => {},
  }
  const sender = new Sender({
    ledger,
    channel: batchMeterUsage,
    api,
    clock,
    events: new Events(),
    log: createSilentLog(),
    random: Math.random,
    lateUsage: 'carry',
    submitSpreadMs: 0,
    notBefore: () => 0,
    onAnswer: () => {},
    usageArrived: () => {},
  })
  sender.wake()
  while ((await ledger.pendingRecords({ limit: 1 })).length > 0) await sleep(250)
  sender.stop()
  await sender.settled()
}

const throttled = {
  ok: false,
  failure: {
    code: 'ThrottlingException',
    message: 'Rate exceeded',
    kind: 'throttled',
    ambiguous: false,
    advice: '',
  },
} as const
