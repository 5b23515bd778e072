import type { StreamPoint } from '../../metering/counter.ts'
import { hourMs } from '../../metering/hour.ts'
import type { UsageReport } from '../../metering/report.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { Dimension } from '../../product/product.ts'
import { mappedTags } from '../mapped-tags.ts'
import { microOf, shownValue } from '../sample-value.ts'
import { textOf, type OtlpMetric, type OtlpPoint } from './metric.ts'
import { sumReadings, type StreamReading } from './sum-readings.ts'
import { mistakeOf, mistakeOfTime } from './point-mistakes.ts'
import { digestOf, streamName } from './stream-name.ts'

export type SentDimension = Dimension & {
  readonly from: { readonly otlp: NonNullable<NonNullable<Dimension['from']>['otlp']> }
}

export function isSent(dimension: Dimension): dimension is SentDimension {
  return dimension.from?.otlp !== undefined
}

export interface RejectedPoints {
  readonly dimension: string
  readonly reason: string
  readonly points: number
}

/** What a request has of the dimensions. */
export interface PickedUsage {
  /** Amounts of delta sums, each with a key that is the same when it comes again, and readings. */
  readonly reports: readonly UsageReport[]
  /** Cumulative sums. */
  readonly points: readonly StreamPoint[]
  readonly rejected: readonly RejectedPoints[]
}

/** Older usage counts in the hour that it arrives in: AWS takes six, and what is on its way needs a moment. */
const recentMs = 6 * hourMs - 5 * 60_000

/** How long the ledger certainly knows the key of a delta sum. */
const repeatMs = 24 * hourMs

/** Picks what the dimensions count out of the metrics of a request. */
export function pickUsage(
  metrics: readonly OtlpMetric[],
  dimensions: readonly SentDimension[],
  now: number,
): PickedUsage {
  const picker = new Picker(now)
  for (const metric of metrics)
    for (const dimension of dimensions)
      if (dimension.from.otlp.metric === metric.name) picker.take(metric, dimension)
  return picker.picked()
}

class Picker {
  readonly #now: number
  readonly #reports: UsageReport[] = []
  readonly #points: StreamPoint[] = []
  readonly #readings: StreamReading[] = []
  /** Dimensions with a gauge that shows no amount: their sums would lack it, and be too small. */
  readonly #incomplete = new Set<string>()
  readonly #keys = new Set<string>()
  readonly #rejected = new Map<string, RejectedPoints>()

  constructor(now: number) {
    this.#now = now
  }

  picked(): PickedUsage {
    const isWhole = ({ dimension }: StreamReading) => !this.#incomplete.has(dimension)
    for (const reading of this.#readings)
      if (!isWhole(reading)) this.#reject(reading.dimension, incomplete, 1)
    return {
      reports: [...this.#reports, ...sumReadings(this.#readings.filter(isWhole))],
      points: this.#points,
      rejected: [...this.#rejected.values()],
    }
  }

  take(metric: OtlpMetric, dimension: SentDimension): void {
    const { name, aggregate = 'sum' } = dimension
    const mistake = mistakeOf(metric, aggregate)
    if (mistake !== undefined) return this.#reject(name, mistake, metric.pointCount)
    const { match, tags } = dimension.from.otlp
    const wanted = [...(match ?? [])]
    const nameOf = streamName(metric)
    for (const point of metric.points) {
      const valueOf = (label: string) =>
        textOf(point.attributes.get(label) ?? metric.resource.get(label))
      if (point.isEmpty || wanted.some(([label, text]) => (valueOf(label) ?? '') !== text)) continue
      const reason = this.#takePoint(metric, dimension, point, nameOf, mappedTags(tags, valueOf))
      if (reason !== undefined) this.#reject(name, `${metric.name} ${reason}`, 1)
    }
  }

  /** Returns why the point cannot be counted. */
  #takePoint(
    { temporality }: OtlpMetric,
    { name: dimension, aggregate = 'sum', from }: SentDimension,
    point: OtlpPoint,
    nameOf: (point: OtlpPoint) => string,
    tags: TagSet,
  ): string | undefined {
    const value = microOf(point.value ?? 'NaN')
    if (!value.ok || value.value > largest) {
      if (aggregate !== 'sum') this.#incomplete.add(dimension)
      return `has the value ${shownValue(point.value ?? 'none')}`
    }
    const at = millisecondsOf(point.time)
    const mistake = mistakeOfTime(point, aggregate === 'sum', this.#now)
    if (mistake !== undefined) return mistake
    const series = nameOf(point)
    if (aggregate !== 'sum') {
      if (at < this.#now - recentMs) return 'comes so late that AWS accepts no record of its hour'
      this.#readings.push({ dimension, tags, series, value: value.value, at })
    } else if (temporality === 'delta')
      return this.#takeDelta({ dimension, tags, series, quantity: value.value }, point)
    else {
      const { firstValue } = from.otlp
      const startedAt = millisecondsOf(point.start)
      const start = String(point.start)
      const known = { dimension, tags, series, firstValue }
      this.#points.push({ ...known, value: value.value, startedAt, start, at })
    }
    return undefined
  }

  #takeDelta(
    {
      series,
      ...usage
    }: Pick<UsageReport, 'dimension' | 'tags' | 'quantity'> & { readonly series: string },
    { start, time }: OtlpPoint,
  ): string | undefined {
    const key = digestOf(`${usage.dimension}\n${series}\n${start}\n${time}`)
    if (this.#keys.has(key)) return 'has two values for the same time'
    this.#keys.add(key)
    if (usage.quantity === 0n) return undefined
    // What was counted up to the very end of an hour belongs to it.
    const at = millisecondsOf(time - 1n)
    if (at < this.#now - repeatMs)
      return 'is more than 24 hours old, so that it could not be told from a repeat'
    const when =
      at < this.#now - recentMs ? { occurredAt: undefined, countedAt: at } : { occurredAt: at }
    this.#reports.push({ ...usage, ...when, idempotencyKey: `otlp:${key}` })
    return undefined
  }

  #reject(dimension: string, reason: string, points: number): void {
    const key = `${dimension}\n${reason}`
    const before = this.#rejected.get(key)?.points ?? 0
    this.#rejected.set(key, { dimension, reason, points: before + points })
  }
}

const incomplete = 'is added up with a gauge of the request that has no usable value'

/** What one report may have, in millionths. */
const largest = 10n ** 21n - 1n

function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n)
}
