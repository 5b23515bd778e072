import { apiOf } from '../aws/api-of.ts'
import type { MeteringResult } from '../../../src/aws/metering-api.ts'
import { meterUsage } from '../../../src/channels/meter-usage/meter-usage.ts'
import { Sender } from '../../../src/channels/sender.ts'
import { spreadDelayMs } from '../../../src/channels/spread.ts'
import { startEntitlement } from '../../../src/entitlement/prove-entitlement.ts'
import { Allowance } from '../../../src/kernel/allowance.ts'
import { Events } from '../../../src/kernel/events.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { Chance } from '../../kill/chance.ts'
import { FleetClock } from './fleet-clock.ts'
import { createSilentLog } from '../silent-log.ts'

/** What a fleet did to AWS, and when. */
export interface FleetReport {
  readonly calls: number
  readonly throttled: number
  /** Tasks that are entitled, or records that AWS accepted. */
  readonly done: number
  /** When each was done, ms after the start, in order. */
  readonly doneAt: readonly number[]
  /** Calls that arrived in each minute. */
  readonly arrivals: readonly number[]
}

interface Fleet {
  readonly tasks: number
  /** AWS's quota for the account, a second. */
  readonly perSecond: number
  readonly seed: number
}

/** AWS's quota and what arrives there. A call takes no time, because only arrivals count. */
class Arrivals {
  readonly #clock: FleetClock
  readonly #allowance: Allowance
  readonly #doneAt: number[] = []
  readonly #minutes: number[] = []
  #throttled = 0

  constructor(clock: FleetClock, perSecond: number) {
    this.#clock = clock
    this.#allowance = new Allowance({ burst: perSecond, refillMs: 1000 / perSecond }, clock)
  }

  answer<T>(value: T): Promise<MeteringResult<T>> {
    const minute = Math.floor(this.#clock.elapsed() / 60_000)
    this.#minutes[minute] = (this.#minutes[minute] ?? 0) + 1
    if (this.#allowance.use() === 0) {
      this.#doneAt.push(this.#clock.elapsed())
      return Promise.resolve({ ok: true, value })
    }
    this.#throttled += 1
    const code = 'ThrottlingException'
    const failure = { code, message: 'm', kind: 'throttled', ambiguous: false, advice: '' } as const
    return Promise.resolve({ ok: false, failure })
  }

  report(): FleetReport {
    const arrivals = Array.from(this.#minutes, (count) => count ?? 0)
    const done = this.#doneAt.length
    const throttled = this.#throttled
    return { calls: done + throttled, throttled, done, doneAt: this.#doneAt, arrivals }
  }
}

const product = {
  productCode: 'prod1',
  route: 'metered',
  publicKeys: new Map<number, string>(),
  dimensions: [{ name: 'requests', unit: undefined, divisor: 1n }],
} as const

/** Starts every task within a second, each with the real proof and its retries. */
export async function simulateStarts({ tasks, perSecond, seed }: Fleet): Promise<FleetReport> {
  const clock = new FleetClock('2026-03-10T09:15:00Z')
  const arrivals = new Arrivals(clock, perSecond)
  const chance = new Chance(seed)
  const api = apiOf({ dryRun: () => arrivals.answer(undefined) })
  const stop = new AbortController()
  for (let task = 0; task < tasks; task += 1)
    clock.after(chance.next() * 1000, () => {
      startEntitlement({
        api,
        product,
        clock,
        timers: clock,
        events: new Events(),
        log: createSilentLog(),
        random: () => chance.next(),
        randomBytes: (length) => new Uint8Array(length),
        regionDenial: undefined,
        grace: undefined,
        signal: stop.signal,
      })
    })
  await clock.run(24 * hourMs)
  return arrivals.report()
}

/** Ends an hour for every task, each with the real sender and a record of each dimension. */
export async function simulateHourEnd({
  tasks,
  perSecond,
  seed,
  dimensions,
  spreadMs,
}: Fleet & { readonly dimensions: number; readonly spreadMs: number }): Promise<FleetReport> {
  const clock = new FleetClock('2026-03-10T10:00:00Z')
  const arrivals = new Arrivals(clock, perSecond)
  const chance = new Chance(seed)
  const api = apiOf({ meterUsage: () => arrivals.answer({ meteringRecordId: 'm' }) })
  for (let task = 0; task < tasks; task += 1) {
    const resource = `pod:${task}`
    const hour = clock.now() - hourMs
    const delayMs = spreadDelayMs(resource, spreadMs)
    const sender = new Sender({
      ledger: ledgerOf(resource, hour, dimensions),
      channel: meterUsage,
      api,
      clock,
      events: new Events(),
      log: createSilentLog(),
      random: () => chance.next(),
      lateUsage: 'carry',
      submitSpreadMs: spreadMs,
      notBefore: () => hour + hourMs + delayMs,
      onAnswer: () => {},
      usageArrived: () => {},
    })
    sender.wake()
  }
  await clock.run(24 * hourMs)
  return arrivals.report()
}

type SenderLedger = ConstructorParameters<typeof Sender>[0]['ledger']

/** Keeps one sealed record of each dimension, as far as a sender looks. */
function ledgerOf(resource: string, hour: number, dimensions: number): SenderLedger {
  const records = new Map<number, MeteringRecord>()
  for (let id = 1; id <= dimensions; id += 1) records.set(id, recordOf(resource, hour, id))
  const change = (id: number, more: Partial<MeteringRecord>): MeteringRecord => {
    const record = records.get(id)
    if (record === undefined) throw new Error(`there is no record ${id}`)
    const changed = { ...record, ...more }
    records.set(id, changed)
    return changed
  }
  return {
    pendingRecords: () =>
      Promise.resolve(
        [...records.values()]
          .filter(({ state }) => state !== 'accepted')
          .map(({ id, state, lastCode }) => ({ id, slot: id, hour, state, lastCode })),
      ),
    markAll: (ids) => Promise.resolve(ids.map((id) => change(id, { state: 'sending' }))),
    settleAll: (outcomes) =>
      Promise.resolve(
        outcomes.map(([id, { kind }]) =>
          change(id, { state: kind === 'accepted' ? 'accepted' : 'sealed' }),
        ),
      ),
    resealRecord: () => Promise.resolve(undefined),
  }
}

export function recordOf(resource: string, hour: number, id: number): MeteringRecord {
  return {
    id,
    slot: { channel: 'meter-usage', holder: resource, productCode: 'prod1', dimension: `d${id}` },
    productCode: 'prod1',
    dimension: `d${id}`,
    hour,
    timestamp: hour,
    quantity: 1_000_000n,
    form: 'whole',
    allocations: undefined,
    clientToken: `${resource} ${id}`,
    parts: [],
    customer: '',
    resource,
    divisor: 1n,
    state: 'sealed',
    attempts: 0,
    inFlight: false,
    ambiguous: false,
    meteringRecordId: undefined,
    lastCode: undefined,
    lastMessage: undefined,
    sealedAt: hour + hourMs,
    firstAttemptAt: undefined,
    lastAttemptAt: undefined,
    settledAt: undefined,
    movedTo: undefined,
  }
}
