import type { Aggregate } from './account.ts'
import { byTags, type OpenCell } from './cell.ts'
import { hourMs } from './hour.ts'
import { microPerUnit } from './amount.ts'
import type { TagSet } from './tags.ts'

/** What the readings of an hour become; `sum` has no readings, because its reports are amounts. */
export type ReadingAggregate = Exclude<Aggregate, 'sum'>

/** A value that stood at an instant. */
export interface Reading {
  readonly tags: TagSet
  /**
   * Tells the readings of a tag set and hour apart: the hash of a member for `unique`, the second of the hour
   * for `integral`, nothing for `max` and `last`, of which there is one.
   */
  readonly key: string
  readonly quantity: bigint
  /** When it was read, ms. */
  readonly at: number
  /** How long it stands when no other follows, for `integral`. */
  readonly until: number
}

/** The key of what stood when an hour of an `integral` began. */
export const enteringKey = 'before'

/**
 * The key of what an hour of `last` or `integral` gave when it was closed before its end. What is read after
 * that instant is still to be counted.
 */
export const closedKey = 'closed'

/** The key of a reading; `member` is the hash of a member of `unique`. */
export function readingKey(aggregate: ReadingAggregate, at: number, member: string): string {
  switch (aggregate) {
    case 'max':
    case 'last':
      return ''
    case 'unique':
      return member
    case 'integral':
      return String(Math.floor((at % hourMs) / 1000)).padStart(4, '0')
  }
}

/** The reading that stays of two with the same key. `newer` came later. */
export function mergeReadings(
  aggregate: ReadingAggregate,
  older: Reading | undefined,
  newer: Reading,
): Reading {
  if (older === undefined) return newer
  switch (aggregate) {
    case 'max':
      return newer.quantity > older.quantity ? newer : older
    case 'unique':
      return older
    case 'last':
    case 'integral':
      return newer.at >= older.at ? newer : older
  }
}

/**
 * What the readings of `hour` come to at the instant `now`, by tag set. `integral` is in unit-hours: each
 * value times the time that it stood, rounded down once for each tag set.
 */
export function amountsOf(
  aggregate: ReadingAggregate,
  readings: readonly Reading[],
  hour: number,
  now: number,
): OpenCell[] {
  const sets = Map.groupBy(readings, ({ tags }) => tags)
  return [...sets]
    .map(([tags, ofSet]) => ({ tags, quantity: amountOf(aggregate, ofSet, hour, now) }))
    .filter(({ quantity }) => quantity > 0n)
    .toSorted(byTags)
}

function amountOf(
  aggregate: ReadingAggregate,
  readings: readonly Reading[],
  hour: number,
  now: number,
): bigint {
  switch (aggregate) {
    case 'max':
      return readings[0]?.quantity ?? 0n
    case 'last':
      return riseOfLast(readings)
    case 'unique':
      return BigInt(readings.length) * microPerUnit
    case 'integral':
      return areaOf(readings, hour, now) / BigInt(hourMs)
  }
}

/** What was billed of an hour that was closed before its end stays billed: only what is above it is added. */
function riseOfLast(readings: readonly Reading[]): bigint {
  const { closed, others } = apart(readings)
  const [last] = others
  const rise = (last?.quantity ?? 0n) - (closed?.quantity ?? 0n)
  return rise > 0n ? rise : 0n
}

function apart(readings: readonly Reading[]) {
  return {
    closed: readings.find(({ key }) => key === closedKey),
    others: readings.filter(({ key }) => key !== closedKey),
  }
}

/**
 * What stays of an hour that is closed at `now`, before its end: one for each tag set. Of `last` it has what the
 * hour gave so far, of `integral` what the rounding left, so that no part of the hour is rounded by itself.
 */
export function closedReadings(
  aggregate: 'last' | 'integral',
  readings: readonly Reading[],
  hour: number,
  now: number,
): Reading[] {
  const sets = Map.groupBy(readings, ({ tags }) => tags)
  return [...sets].map(([tags, ofSet]) => {
    const quantity =
      aggregate === 'integral'
        ? areaOf(ofSet, hour, now) % BigInt(hourMs)
        : (apart(ofSet).closed?.quantity ?? 0n) + riseOfLast(ofSet)
    const at = aggregate === 'integral' ? lastOf(ofSet, now) : now
    return { tags, key: closedKey, quantity, at, until: at }
  })
}

/** Until when was measured: a clock that was set back, or is ahead, may have been further than `now`. */
function lastOf(readings: readonly Reading[], now: number): number {
  return readings.reduce((last, { at }) => Math.max(last, at), now)
}

/** Value times milliseconds that are not billed yet. */
function areaOf(readings: readonly Reading[], hour: number, now: number): bigint {
  const { closed, others } = apart(readings)
  const from = Math.max(hour, closed?.at ?? hour)
  const to = Math.min(hour + hourMs, lastOf(others, now))
  const byTime = others.toSorted((a, b) => a.at - b.at)
  let sum = closed?.quantity ?? 0n
  for (const [index, { quantity, at, until }] of byTime.entries()) {
    const begin = Math.max(at, from)
    // What comes after a value that lies ahead is not its time, but that of the clock from before.
    const end = Math.min(byTime[index + 1]?.at ?? to, until, at > now ? to : Math.min(to, now))
    if (end > begin) sum += quantity * BigInt(end - begin)
  }
  return sum
}
