import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { ReadingAggregate } from '../../../src/metering/reading.ts'

/** A reading as a test reports it. */
export interface PlainReading {
  readonly tags: string
  /** Micro-units; ignored for `unique`. */
  readonly quantity: bigint
  readonly member: string
  readonly at: number
  /** Whether its hour was already closed when it came. */
  readonly late: boolean
  /** Whether the hour after it was, in which it might still have stood. */
  readonly nextClosed: boolean
}

/**
 * What all readings of one dimension must come to, in micro-units, once every hour is over. Written as one
 * would say it: for each hour and tag set, look at every reading.
 */
export function plainTotal(
  aggregate: ReadingAggregate,
  readings: readonly PlainReading[],
  staleMs: number,
): bigint {
  return [...Map.groupBy(readings, ({ tags }) => tags).values()]
    .map((ofSet) => totalOfSet(aggregate, ofSet, staleMs))
    .reduce((sum, each) => sum + each, 0n)
}

function totalOfSet(
  aggregate: ReadingAggregate,
  readings: readonly PlainReading[],
  staleMs: number,
): bigint {
  const hours = Map.groupBy(readings, ({ at }) => hourOf(at))
  if (aggregate === 'integral') return integral(readings, staleMs)
  let total = 0n
  for (const ofHour of hours.values()) {
    const inTime = ofHour.filter(({ late }) => !late)
    if (aggregate === 'max')
      total += ofHour.reduce((most, { quantity }) => (quantity > most ? quantity : most), 0n)
    if (aggregate === 'unique')
      total += BigInt(new Set(ofHour.map(({ member }) => member)).size) * 1_000_000n
    if (aggregate === 'last') {
      const [first] = inTime.toReversed().toSorted((a, b) => b.at - a.at)
      total += first?.quantity ?? 0n
    }
  }
  return total
}

/** Second by second of each hour: of two readings in one second the later one counts. */
function integral(readings: readonly PlainReading[], staleMs: number): bigint {
  const inTime = readings.filter(({ late }) => !late)
  const hours = new Set(inTime.flatMap(({ at }) => [hourOf(at), hourOf(at) + hourMs]))
  return [...hours]
    .map((hour) => areaOf(inTime, hour, staleMs) / BigInt(hourMs))
    .reduce((sum, each) => sum + each, 0n)
}

function areaOf(readings: readonly PlainReading[], hour: number, staleMs: number): bigint {
  const last = readings
    .filter(({ at, nextClosed }) => hourOf(at) === hour - hourMs && !nextClosed)
    .toReversed()
    .toSorted((a, b) => b.at - a.at)
    .slice(0, 1)
  const bySecond = new Map<number, PlainReading>()
  for (const reading of readings.filter(({ at }) => hourOf(at) === hour)) {
    const second = Math.floor(reading.at / 1000)
    const before = bySecond.get(second)
    if (before === undefined || reading.at >= before.at) bySecond.set(second, reading)
  }
  const line = [...last, ...bySecond.values()].toSorted((a, b) => a.at - b.at)
  return line
    .map(({ at, quantity }, index) => {
      const end = Math.min(line[index + 1]?.at ?? Infinity, at + staleMs, hour + hourMs)
      return quantity * BigInt(Math.max(0, end - Math.max(at, hour)))
    })
    .reduce((sum, each) => sum + each, 0n)
}

/** The hours in which a reading counts: its own, and the next one where it still stands then. */
export function hoursOf({ at, nextClosed }: PlainReading, staleMs: number): number[] {
  const next = hourOf(at) + hourMs
  return nextClosed || at + staleMs <= next ? [hourOf(at)] : [hourOf(at), next]
}
