import type { TagSet } from './tags.ts'

/** What a counter shows, before it is known how much of it is new. */
export interface CounterReading {
  readonly dimension: string
  /** Names the counter: the same for each reading of it, and for no other. */
  readonly series: string
  readonly tags: TagSet
  readonly value: bigint
  /** When its process was started, ms; undefined while it does not say. */
  readonly startedAt: number | undefined
  /** What the first value of a counter is: usage, where it certainly came after the book's first opening, or a start. */
  readonly firstValue: FirstValue
}

export const firstValues = ['count', 'baseline'] as const
export type FirstValue = (typeof firstValues)[number]

/** What a process says by itself of one of its counters, which never falls between its start and its end. */
export interface StreamPoint extends CounterReading {
  /** Names the process: with `series`, and for each start, a counter of its own. */
  readonly startedAt: number
  /** The same instant in full, as it came. */
  readonly start: string
  /** When it had this value, ms. */
  readonly at: number
}

/** What each dimension of a source counts by today's product file, as a text that is another for other counters. */
interface Following {
  readonly follows: ReadonlyMap<string, string>
}

/** Counters that processes of one source sent. */
export interface StreamBatch extends Following {
  /** Names the source and who sends. */
  readonly source: string
  readonly points: readonly StreamPoint[]
}

/** All counters of one target at one moment. */
export interface CounterPage extends Following {
  /** Names the source and its target. */
  readonly source: string
  readonly readAt: number
  readonly startedAt: number | undefined
  /** Whether the clock did not step since the page before. */
  readonly isSteady: boolean
  readonly counters: readonly CounterReading[]
}

/**
 * What became of a counter: `counted` what it rose by; `restarted` all of it, its process being new; a first
 * value `baseline`d; one that `fell` without a newer start, which is a new baseline; `skipped` beyond the cap;
 * one that `overlaps` another of the same name, and counts from its second value on.
 */
export type CounterOutcome = 'counted' | 'restarted' | 'baseline' | 'fell' | 'skipped' | 'overlaps'

/** What was read before of a counter. */
interface CounterBefore {
  readonly value: bigint
  readonly startedAt: number | undefined
  readonly readAt: number
}

/** Starts this close to each other are one process: clocks are adjusted, and starts are computed from them. */
const sameStartMs = 10_000

/** How much of a reading is new. Never more than was certainly counted since the reading before. */
export function riseOf(
  reading: Pick<CounterReading, 'value' | 'startedAt'>,
  before: CounterBefore,
  isSteady: boolean,
): { readonly rise: bigint; readonly outcome: CounterOutcome } {
  const { value, startedAt } = reading
  const fell = value < before.value
  if (isNewer(startedAt, before.startedAt)) {
    const startedSince = (startedAt ?? 0) > before.readAt - sameStartMs
    if (fell || (startedSince && isSteady)) return { rise: value, outcome: 'restarted' }
  }
  return fell ? { rise: 0n, outcome: 'fell' } : { rise: value - before.value, outcome: 'counted' }
}

/** Whether a process was started after another one; false while either is unknown. */
export function isNewer(startedAt: number | undefined, before: number | undefined): boolean {
  return startedAt !== undefined && before !== undefined && startedAt > before + sameStartMs
}
