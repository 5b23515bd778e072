import { steps, type Step } from '../../src/kernel/events.ts'
import { canonicalTags, untagged } from '../../src/metering/tags.ts'
import type { Chance } from '../kill/chance.ts'
import { weathers, type Weather } from '../support/aws/model-answers.ts'
import { modelDimensions } from '../support/ledger/model-process.ts'
import type { WriteFailure } from '../support/store/model-store.ts'

/** Who opens the book next: the same task or pod, a new one, an earlier one, or the same under another name. */
export type NextOwner = 'same' | 'new' | 'earlier' | 'unknown'

/** Everything that can happen to a sidecar. Plain data, so that a script can be printed and read back. */
export type SimulationEvent =
  | {
      readonly do: 'report'
      readonly dimension: string
      readonly customer?: string
      /** Millionths of the application's unit. */
      readonly quantity: string
      readonly tags: string
      /** When the usage occurred, against the sidecar's clock; undefined leaves the time out. */
      readonly minutesAgo?: number
      /** What bears an idempotency key. */
      readonly key: 'report' | 'request' | 'none'
      readonly copies: number
    }
  /** The application repeats an acknowledged request with a key. */
  | { readonly do: 'repeat'; readonly back: number }
  | { readonly do: 'pass'; readonly minutes: number }
  /** The outcome of AWS's next answers. */
  | { readonly do: 'weather'; readonly of: readonly Weather[] }
  /** All of AWS's answers for some time. */
  | { readonly do: 'outage'; readonly weather: Weather; readonly minutes: number }
  /** AWS's answers and the reads of the book resolve late, in turns of the event loop. */
  | { readonly do: 'late-answers'; readonly turns: readonly number[] }
  /** Another hand moves the next records on between the sender's read and its mark. */
  | { readonly do: 'move-first'; readonly times: number }
  /** The sidecar's clock is so far from the true time from now on. */
  | { readonly do: 'set-clock'; readonly minutes: number }
  | { readonly do: 'fail-flush'; readonly times: number }
  | { readonly do: 'fail-writes'; readonly codes: readonly WriteFailure[] }
  /** The process dies the n-th time that it reaches a step. */
  | {
      readonly do: 'die'
      readonly at: Step | 'now'
      readonly countdown: number
      readonly power: boolean
      /** Whether a request that was being sent still arrives. */
      readonly requestArrives: boolean
      readonly next: NextOwner
    }
  /** SIGTERM, and a new start. */
  | {
      readonly do: 'restart'
      readonly flush: boolean
      readonly next: NextOwner
      /** The divisor of `storage` in the next image. */
      readonly divisor: number
    }
  /** An operator decides as the truth is. */
  | { readonly do: 'resolve' }
  | { readonly do: 'retry' | 'reopen' | 'release' | 'void-record' }
  /** Writes usage off that is held or open. */
  | {
      readonly do: 'void-usage'
      readonly customer?: string
      readonly dimension: string
      readonly quantity: string
    }
  /** Of a SaaS product: its application registers a customer, or ends the licence of one. */
  | { readonly do: 'register' | 'end-licence'; readonly customer: string }
  /** Whether AWS has a subscription of the customer. */
  | { readonly do: 'subscribe'; readonly customer: string; readonly subscribed: boolean }

const teams = ['a', 'b', 'c', 'd'].map((value) => canonicalTags([{ key: 'team', value }]))
const owners: readonly NextOwner[] = ['same', 'same', 'same', 'same', 'new', 'earlier', 'unknown']

const draws: readonly (readonly [weight: number, (chance: Chance) => SimulationEvent])[] = [
  [30, drawReport],
  [4, (chance) => ({ do: 'repeat', back: chance.integer(1, 10) })],
  [24, (chance) => ({ do: 'pass', minutes: drawMinutes(chance) })],
  [8, (chance) => ({ do: 'weather', of: list(chance, 6, () => chance.pick(weathers)) })],
  [
    2,
    (chance) => ({
      do: 'outage',
      weather: chance.pick(['lost-before', 'lost-after', 'throttled', 'refused']),
      minutes: chance.pick([30, 90, 5 * 60, 8 * 60, 8 * 60]),
    }),
  ],
  [
    3,
    (chance) => ({
      do: 'late-answers',
      turns: list(chance, 6, () => chance.pick([0, 1, 3, 10, 40, 100])),
    }),
  ],
  [1, (chance) => ({ do: 'move-first', times: chance.integer(1, 2) })],
  [2, (chance) => ({ do: 'set-clock', minutes: drawOffset(chance) })],
  [1, (chance) => ({ do: 'fail-flush', times: chance.integer(1, 3) })],
  [
    3,
    (chance) => ({
      do: 'fail-writes',
      codes: list(chance, 5, () => chance.pick(['LedgerFull', 'LedgerBusy'] as const)),
    }),
  ],
  [
    5,
    (chance) => ({
      do: 'die',
      at: chance.pick([...steps, 'now']),
      countdown: chance.integer(1, 4),
      power: chance.happens(0.5),
      requestArrives: chance.happens(0.5),
      next: chance.pick(owners),
    }),
  ],
  [
    2,
    (chance) => ({
      do: 'restart',
      flush: chance.happens(0.7),
      next: chance.pick(owners),
      divisor: chance.pick([1000, 1000, 1000, 10, 1]),
    }),
  ],
  [3, () => ({ do: 'resolve' })],
  [4, (chance) => ({ do: chance.pick(['retry', 'retry', 'retry', 'reopen', 'void-record']) })],
  [2, () => ({ do: 'release' })],
  [
    1,
    (chance) => ({
      do: 'void-usage',
      dimension: chance.pick(modelDimensions),
      quantity: String(chance.integer(1, 5_000_000)),
    }),
  ],
]
const weightOfAll = draws.reduce((sum, [weight]) => sum + weight, 0)

export function drawEvent(chance: Chance): SimulationEvent {
  let left = chance.integer(1, weightOfAll)
  for (const [weight, draw] of draws) {
    left -= weight
    if (left <= 0) return draw(chance)
  }
  return { do: 'pass', minutes: 60 }
}

function drawReport(chance: Chance): SimulationEvent {
  const minutesAgo = chance.pick<number | 'now'>(['now', 'now', 'now', -4, 30, 70, 190, 350])
  return {
    do: 'report',
    dimension: chance.pick(modelDimensions),
    quantity: drawQuantity(chance),
    tags: chance.pick([untagged, untagged, ...teams]),
    ...(minutesAgo !== 'now' && { minutesAgo }),
    key: chance.pick(['report', 'report', 'request', 'none']),
    copies: chance.pick([1, 1, 1, 2, 5]),
  }
}

function drawQuantity(chance: Chance): string {
  if (chance.happens(0.01)) return '3000000000000000'
  if (chance.happens(0.001)) return String(10n ** 21n)
  return String(chance.integer(0, chance.pick([1_500_000, 5_000_000, 5_000_000_000])))
}

function drawMinutes(chance: Chance): number {
  if (chance.happens(0.004)) return 46 * 24 * 60
  return chance.pick([1, 1, 5, 20, 60, 60, 60, 120, 7 * 60])
}

function drawOffset(chance: Chance): number {
  return chance.pick([0, 0, 0, 0, -3, 3, -10, 8, -60, 60, -200, 200, 26 * 60])
}

function list<T>(chance: Chance, longest: number, draw: () => T): T[] {
  return Array.from({ length: chance.integer(1, longest) }, draw)
}
