import type { Aggregate } from './account.ts'
import type { OpenCell } from './cell.ts'
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
    .toSorted((a, b) => (a.tags < b.tags ? -1 : 1))
}

function amountOf(
  aggregate: ReadingAggregate,
  readings: readonly Reading[],
  hour: number,
  now: number,
): bigint {
  switch (aggregate) {
    case 'max':
    case 'last':
      return readings[0]?.quantity ?? 0n
    case 'unique':
      return BigInt(readings.length) * microPerUnit
    case 'integral':
      return integralOf(readings, hour, Math.min(hour + hourMs, now))
  }
}

function integralOf(readings: readonly Reading[], from: number, to: number): bigint {
  const byTime = readings.toSorted((a, b) => a.at - b.at)
  let sum = 0n
  for (const [index, { quantity, at, until }] of byTime.entries()) {
    const begin = Math.max(at, from)
    const end = Math.min(byTime[index + 1]?.at ?? to, until, to)
    if (end > begin) sum += quantity * BigInt(end - begin)
  }
  return sum / BigInt(hourMs)
}
