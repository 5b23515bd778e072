import type { Step } from '../../../src/kernel/events.ts'
import type { ReadingAggregate } from '../../../src/metering/reading.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import type { Chance } from '../../kill/chance.ts'

/** What is measured; each aggregate is a dimension of its own name. */
export const aggregates = [
  'max',
  'last',
  'unique',
  'integral',
] as const satisfies ReadingAggregate[]
/** What is counted: on a page, and by a process that sends. */
export const counters = ['scans', 'calls'] as const

/** Who has the book next: the same task or pod, a new one, or one that had it before. */
export type NextOwner = 'same' | 'new' | 'earlier'

/** What can happen to a sidecar whose application measures and counts. Plain data. */
export type ReadingEvent =
  | {
      readonly do: 'measure'
      readonly aggregate: ReadingAggregate
      /** Millionths; nothing for `unique`. */
      readonly quantity: number
      readonly member: string
      readonly tags: string
      readonly secondsAgo: number
    }
  /** The application counts. */
  | { readonly do: 'work'; readonly units: number }
  | { readonly do: 'read-page' }
  /** The application sends its counters: now, once more what it sent last, or what it sent at first. */
  | { readonly do: 'send'; readonly which: 'now' | 'last' | 'first' }
  | { readonly do: 'restart-application' }
  | { readonly do: 'pass'; readonly seconds: number }
  /** The process dies the next time that it reaches a step. */
  | { readonly do: 'die'; readonly at: Step; readonly power: boolean; readonly next: NextOwner }
  | { readonly do: 'restart'; readonly flush: boolean; readonly next: NextOwner }

const team = canonicalTags([{ key: 'team', value: 'a' }])
const owners: readonly NextOwner[] = ['same', 'same', 'same', 'new', 'earlier']
const hour = 3600

const draws: readonly (readonly [weight: number, (chance: Chance) => ReadingEvent])[] = [
  [
    30,
    (chance) => ({
      do: 'measure',
      aggregate: chance.pick(aggregates),
      quantity: chance.integer(0, 9_000_000),
      member: chance.pick(['ada', 'bob', 'cy', 'dee']),
      tags: chance.pick([untagged, untagged, team]),
      secondsAgo: chance.pick([0, 0, 0, 0, 1, 40, 400, hour, 2 * hour, 5 * hour]),
    }),
  ],
  [10, (chance) => ({ do: 'work', units: chance.integer(1, 9) })],
  [8, () => ({ do: 'read-page' })],
  [8, (chance) => ({ do: 'send', which: chance.pick(['now', 'now', 'now', 'last', 'first']) })],
  [2, () => ({ do: 'restart-application' })],
  [
    14,
    (chance) => ({
      do: 'pass',
      seconds: chance.pick([1, 20, 60, 300, 600, 1800, hour, hour, 3 * hour, 7 * hour]),
    }),
  ],
  [
    4,
    (chance) => ({
      do: 'die',
      at: chance.pick(['report-written', 'seal-written', 'group-committed', 'group-flushed']),
      power: chance.happens(0.5),
      next: chance.pick(owners),
    }),
  ],
  [3, (chance) => ({ do: 'restart', flush: chance.happens(0.5), next: chance.pick(owners) })],
]
const weightOfAll = draws.reduce((sum, [weight]) => sum + weight, 0)

export function drawReadingEvent(chance: Chance): ReadingEvent {
  let left = chance.integer(1, weightOfAll)
  for (const [weight, draw] of draws) {
    left -= weight
    if (left <= 0) return draw(chance)
  }
  return { do: 'pass', seconds: hour }
}
