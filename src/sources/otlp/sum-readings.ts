import type { UsageReport } from '../../metering/report.ts'
import type { TagSet } from '../../metering/tags.ts'

/** The value of one gauge at an instant. */
export interface StreamReading {
  readonly dimension: string
  readonly tags: TagSet
  /** Names the gauge. */
  readonly series: string
  readonly value: bigint
  readonly at: number
}

/**
 * Adds up the gauges of a request that belong together. A request may have several values of each, one after
 * the other, which are several readings: the first values together, the second values, and so on.
 */
export function sumReadings(readings: readonly StreamReading[]): UsageReport[] {
  const sets = Map.groupBy(readings, ({ dimension, tags }) => `${dimension}\n${tags}`)
  return [...sets.values()].flatMap((set) => {
    const streams = [...Map.groupBy(set, ({ series }) => series).values()].map((stream) =>
      stream.toSorted((a, b) => a.at - b.at),
    )
    const rounds = streams.reduce((most, { length }) => Math.max(most, length), 0)
    return Array.from({ length: rounds }, (_, round) => readingOf(streams, round)).flat()
  })
}

function readingOf(streams: readonly (readonly StreamReading[])[], round: number): UsageReport[] {
  const values = streams.flatMap((stream) => stream[Math.min(round, stream.length - 1)] ?? [])
  const [first] = values
  if (first === undefined) return []
  const { dimension, tags } = first
  const quantity = values.reduce((sum, { value }) => sum + value, 0n)
  const occurredAt = values.reduce((latest, { at }) => Math.max(latest, at), first.at)
  return [{ dimension, tags, quantity, occurredAt, idempotencyKey: undefined }]
}
