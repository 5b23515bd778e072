import { steps, type Step } from '../../../src/kernel/events.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import type { Chance } from '../../kill/chance.ts'
import { weathers, type Weather } from '../../support/aws/model-answers.ts'
import { modelDimensions } from '../../support/ledger/model-process.ts'
import { simulatedCustomers } from '../simulated-customers.ts'
import { cuts, type Cut } from './model-connection.ts'
import { measuredDimensions, type Measurement } from './simulated-measurements.ts'

/** Everything that can happen to sidecars that share a database. `which` counts those that run, modulo their number. */
export type SharedEvent =
  | {
      readonly do: 'report'
      readonly which: number
      readonly dimension: string
      /** Millionths of the application's unit. */
      readonly quantity: string
      readonly tags: string
      readonly hasKey: boolean
      /** Of a product with customers. */
      readonly customer?: string
    }
  | {
      readonly do: 'register' | 'end-licence'
      readonly which: number
      readonly customer: string
    }
  /** AWS accepts records of a customer from now on, or none. */
  | { readonly do: 'subscribe'; readonly customer: string; readonly subscribed: boolean }
  /** The application measures what all sidecars share. */
  | ({ readonly do: 'measure'; readonly which: number } & Omit<Measurement, 'quantity'> & {
        readonly quantity: string
      })
  /** An acknowledged report is repeated, at any of them. */
  | { readonly do: 'repeat'; readonly which: number; readonly back: number }
  | { readonly do: 'pass'; readonly minutes: number }
  | { readonly do: 'weather'; readonly of: readonly Weather[] }
  | { readonly do: 'outage'; readonly weather: Weather; readonly minutes: number }
  /** The connections of the next commits are cut; `away` when the database is then out of reach for a minute. */
  | {
      readonly do: 'cut'
      readonly which: number
      readonly at: readonly Cut[]
      readonly away: boolean
    }
  /** One of them, or all, cannot reach the database for a while. */
  | { readonly do: 'away'; readonly which: number | 'all'; readonly minutes: number }
  /** SIGSTOP, at once or at a step, and SIGCONT later. */
  | {
      readonly do: 'pause'
      readonly which: number
      readonly at: Step | 'now'
      readonly minutes: number
      /** Whether another process for the same task or pod starts meanwhile. */
      readonly replaced: boolean
    }
  /** SIGKILL, at once or at a step. Another task or pod starts, or the same one again, or none. */
  | {
      readonly do: 'kill'
      readonly which: number
      readonly at: Step | 'now'
      readonly requestArrives: boolean
      readonly next: 'same' | 'new' | 'none'
    }
  /** SIGTERM. */
  | { readonly do: 'stop'; readonly which: number; readonly next: 'same' | 'new' | 'none' }
  | { readonly do: 'start' }
  | { readonly do: 'set-clock'; readonly which: number; readonly minutes: number }
  | { readonly do: 'resolve' }
  | { readonly do: 'retry' }

const teams = ['a', 'b', 'c', 'd'].map((value) => canonicalTags([{ key: 'team', value }]))
const which = (chance: Chance) => chance.integer(0, 9)
const nexts = ['same', 'new', 'new', 'none'] as const

const draws: readonly (readonly [weight: number, (chance: Chance) => SharedEvent])[] = [
  [
    34,
    (chance) => ({
      do: 'report',
      which: which(chance),
      dimension: chance.pick(modelDimensions),
      quantity: String(chance.integer(0, chance.pick([1_500_000, 5_000_000, 5_000_000_000]))),
      tags: chance.pick([untagged, untagged, ...teams]),
      hasKey: chance.happens(0.7),
    }),
  ],
  [
    10,
    (chance) => ({
      do: 'measure',
      which: which(chance),
      dimension: chance.pick(measuredDimensions),
      quantity: String(chance.integer(0, 9_000_000)),
      member: chance.pick(['ada', 'bob', 'cy', 'dee']),
    }),
  ],
  [4, (chance) => ({ do: 'repeat', which: which(chance), back: chance.integer(1, 10) })],
  [26, (chance) => ({ do: 'pass', minutes: chance.pick([1, 1, 4, 6, 20, 60, 60, 120, 7 * 60]) })],
  [6, (chance) => ({ do: 'weather', of: list(chance, 6, () => chance.pick(weathers)) })],
  [
    2,
    (chance) => ({
      do: 'outage',
      weather: chance.pick(['lost-before', 'lost-after', 'throttled', 'refused']),
      minutes: chance.pick([30, 90, 5 * 60, 8 * 60]),
    }),
  ],
  [
    8,
    (chance) => ({
      do: 'cut',
      which: which(chance),
      at: list(chance, 3, () => chance.pick(cuts)),
      away: chance.happens(0.3),
    }),
  ],
  [
    3,
    (chance) => ({
      do: 'away',
      which: chance.happens(0.3) ? 'all' : which(chance),
      minutes: chance.pick([1, 3, 8, 90]),
    }),
  ],
  [
    5,
    (chance) => ({
      do: 'pause',
      which: which(chance),
      at: chance.pick([...steps, 'now']),
      minutes: chance.pick([1, 4, 7, 12, 70, 130]),
      replaced: chance.happens(0.2),
    }),
  ],
  [
    6,
    (chance) => ({
      do: 'kill',
      which: which(chance),
      at: chance.pick([...steps, 'now']),
      requestArrives: chance.happens(0.5),
      next: chance.pick(nexts),
    }),
  ],
  [3, (chance) => ({ do: 'stop', which: which(chance), next: chance.pick(nexts) })],
  [3, () => ({ do: 'start' })],
  [
    1,
    (chance) => ({
      do: 'set-clock',
      which: which(chance),
      minutes: chance.pick([0, 3, -3, 60, -60, 200, -200, 26 * 60]),
    }),
  ],
  [3, () => ({ do: 'resolve' })],
  [3, () => ({ do: 'retry' })],
]
const weightOfAll = draws.reduce((sum, [weight]) => sum + weight, 0)

/** The same for a product with customers, and what happens to them. */
export function drawSharedCustomerEvent(chance: Chance): SharedEvent {
  const customer = chance.pick([...simulatedCustomers.keys()])
  if (chance.happens(0.12)) return { do: 'register', which: which(chance), customer }
  if (chance.happens(0.03)) return { do: 'end-licence', which: which(chance), customer }
  if (chance.happens(0.05)) return { do: 'subscribe', customer, subscribed: chance.happens(0.6) }
  const event = drawSharedEvent(chance)
  if (event.do === 'measure') return { do: 'pass', minutes: 1 }
  return event.do === 'report' ? { ...event, customer } : event
}

export function drawSharedEvent(chance: Chance): SharedEvent {
  let left = chance.integer(1, weightOfAll)
  for (const [weight, draw] of draws) {
    left -= weight
    if (left <= 0) return draw(chance)
  }
  return { do: 'pass', minutes: 60 }
}

function list<T>(chance: Chance, longest: number, draw: () => T): T[] {
  return Array.from({ length: chance.integer(1, longest) }, draw)
}
