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
  const bySecond = new Map<number, PlainReading>()
  for (const reading of readings.filter(({ late }) => !late)) {
    const second = Math.floor(reading.at / 1000)
    const before = bySecond.get(second)
    if (before === undefined || reading.at >= before.at) bySecond.set(second, reading)
  }
  const line = [...bySecond.values()].toSorted((a, b) => a.at - b.at)
  const sums = new Map<number, bigint>()
  for (const [index, { at, quantity }] of line.entries()) {
    const end = Math.min(line[index + 1]?.at ?? Infinity, at + staleMs)
    // A value that stands beyond its hour counts in each hour for the part that lies there.
    for (let from = at; from < end;) {
      const to = Math.min(end, hourOf(from) + hourMs)
      sums.set(hourOf(from), (sums.get(hourOf(from)) ?? 0n) + quantity * BigInt(to - from))
      from = to
    }
  }
  return [...sums.values()].reduce((sum, area) => sum + area / BigInt(hourMs), 0n)
}
