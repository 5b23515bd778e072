import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { ReadingAggregate } from '../../../src/metering/reading.ts'

/** A reading that was acknowledged. */
export interface BilledReading {
  readonly resource: string
  readonly aggregate: ReadingAggregate
  readonly tags: string
  readonly quantity: bigint
  readonly member: string
  readonly at: number
  /** False where its hour was closed, and it changed no amount. */
  readonly counted: boolean
  /** How often the sidecar had closed its book, or another one had taken it over, when the value came. */
  readonly part: number
  /** When the sidecar closed its book or another one took it over: the value stands no longer than until then. */
  standsUntil: number
  /** Whether the hour after its own had room for it. */
  readonly reachesOn: boolean
}

const microPerUnit = 1_000_000n

/**
 * What acknowledged readings come to, in micro-units, said as plainly as can be: for each task or pod, tag set and
 * hour, look at every reading.
 */
export function plainBill(
  readings: readonly BilledReading[],
  staleMs: number,
): Map<ReadingAggregate, bigint> {
  const bill = new Map<ReadingAggregate, bigint>()
  const lines = Map.groupBy(readings, ({ resource, aggregate, tags }) =>
    JSON.stringify([resource, aggregate, tags]),
  )
  for (const line of lines.values()) {
    const [first] = line
    if (first === undefined) continue
    const { aggregate } = first
    const amount = aggregate === 'integral' ? integral(line, staleMs) : sumOfHours(aggregate, line)
    bill.set(aggregate, (bill.get(aggregate) ?? 0n) + amount)
  }
  return bill
}

function sumOfHours(aggregate: ReadingAggregate, line: readonly BilledReading[]): bigint {
  const hours = Map.groupBy(line, ({ at }) => hourOf(at))
  return [...hours.values()].reduce((sum, ofHour) => sum + amountOf(aggregate, ofHour), 0n)
}

function amountOf(aggregate: ReadingAggregate, ofHour: readonly BilledReading[]): bigint {
  if (aggregate === 'unique')
    return BigInt(new Set(ofHour.map(({ member }) => member)).size) * microPerUnit
  if (aggregate === 'max')
    return ofHour.reduce((most, { quantity }) => (quantity > most ? quantity : most), 0n)
  // What was billed when the book was closed stays billed, so that of the last values of its parts the largest counts.
  const parts = Map.groupBy(
    ofHour.filter((reading) => reading.counted),
    ({ part }) => part,
  )
  return [...parts.values()].reduce((most, ofPart) => {
    const [last] = ofPart.toReversed().toSorted((a, b) => b.at - a.at)
    return last !== undefined && last.quantity > most ? last.quantity : most
  }, 0n)
}

/** Of two readings in one second the later one counts; a value stands until the next, or until it is stale. */
function integral(line: readonly BilledReading[], staleMs: number): bigint {
  const seconds = new Map<string, BilledReading>()
  for (const reading of line.filter(({ counted }) => counted)) {
    const second = `${reading.part} ${Math.floor(reading.at / 1000)}`
    const before = seconds.get(second)
    if (before === undefined || reading.at >= before.at) seconds.set(second, reading)
  }
  const inOrder = [...seconds.values()].toSorted((a, b) => a.at - b.at)
  const areas = new Map<number, bigint>()
  for (const [index, { at, quantity, standsUntil, reachesOn }] of inOrder.entries()) {
    const limit = reachesOn ? standsUntil : Math.min(standsUntil, hourOf(at) + hourMs)
    const end = Math.min(inOrder[index + 1]?.at ?? Infinity, at + staleMs, limit)
    for (let from = at; from < end;) {
      const hour = hourOf(from)
      const to = Math.min(end, hour + hourMs)
      areas.set(hour, (areas.get(hour) ?? 0n) + quantity * BigInt(to - from))
      from = to
    }
  }
  return [...areas.values()].reduce((sum, area) => sum + area / BigInt(hourMs), 0n)
}
