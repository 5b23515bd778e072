import type { StreamPoint } from '../../metering/counter.ts'
import { hourMs } from '../../metering/hour.ts'
import type { UsageReport } from '../../metering/report.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { Dimension } from '../../product/product.ts'
import { mappedTags } from '../mapped-tags.ts'
import { microOf, shownValue } from '../sample-value.ts'
import { pointsAtOnce, textOf, type OtlpMetric, type OtlpPoint } from './metric.ts'
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

/** Picks what the dimensions count out of the metrics of a request, in slices. */
export function* pickUsage(
  metrics: readonly OtlpMetric[],
  dimensions: readonly SentDimension[],
  now: number,
): Generator<void, PickedUsage> {
  const picker = new Picker(now)
  for (const metric of metrics)
    for (const dimension of dimensions)
      if (dimension.from.otlp.metric === metric.name) yield* picker.take(metric, dimension)
  return picker.picked()
}

/** A point that its dimension counts, with the value and the names that the ledger keeps. */
interface CountedPoint {
  readonly dimension: string
  readonly tags: TagSet
  readonly series: string
  /** In millionths. */
  readonly value: bigint
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

  *take(metric: OtlpMetric, dimension: SentDimension): Generator<void> {
    const { name, aggregate = 'sum' } = dimension
    const mistake = mistakeOf(metric, aggregate)
    if (mistake !== undefined) return this.#reject(name, mistake, metric.pointCount)
    const { match, tags } = dimension.from.otlp
    const wanted = [...(match ?? [])]
    const nameOf = streamName(metric)
    for (const [index, point] of metric.points.entries()) {
      if (index % pointsAtOnce === pointsAtOnce - 1) yield
      const valueOf = (label: string) =>
        textOf(point.attributes.get(label) ?? metric.resource.get(label))
      if (point.isEmpty || wanted.some(([label, text]) => (valueOf(label) ?? '') !== text)) continue
      const names = { series: nameOf(point), tags: mappedTags(tags, valueOf) }
      const reason = this.#takePoint(metric, dimension, point, names)
      if (reason !== undefined) this.#reject(name, `${metric.name} ${reason}`, 1)
    }
  }

  /** Returns why the point cannot be counted. */
  #takePoint(
    { temporality }: OtlpMetric,
    { name: dimension, aggregate = 'sum', from }: SentDimension,
    point: OtlpPoint,
    names: Pick<CountedPoint, 'series' | 'tags'>,
  ): string | undefined {
    const isSum = aggregate === 'sum'
    const value = amountIn(point)
    if (value === undefined) {
      if (!isSum) this.#incomplete.add(dimension)
      return `has the value ${shownValue(point.value ?? 'none')}`
    }
    const mistake = mistakeOfTime(point, isSum, this.#now)
    if (mistake !== undefined) return mistake
    const counted = { dimension, ...names, value }
    if (!isSum) return this.#takeReading(counted, point)
    if (temporality === 'delta') return this.#takeDelta(counted, point)
    this.#points.push({
      ...counted,
      firstValue: from.otlp.firstValue,
      start: String(point.start),
      startedAt: millisecondsOf(point.start),
      at: millisecondsOf(point.time),
    })
    return undefined
  }

  #takeReading(counted: CountedPoint, { time }: OtlpPoint): string | undefined {
    const at = millisecondsOf(time)
    if (at < this.#now - recentMs) return 'comes so late that AWS accepts no record of its hour'
    this.#readings.push({ ...counted, at })
    return undefined
  }

  #takeDelta(
    { dimension, tags, series, value }: CountedPoint,
    { start, time, value: shown }: OtlpPoint,
  ): string | undefined {
    const key = digestOf(`${dimension}\n${series}\n${start}\n${time}`)
    if (this.#keys.has(key)) return 'has two values for the same time'
    this.#keys.add(key)
    if (value === 0n) return Number(shown) > 0 ? tooSmall : undefined
    // What was counted up to the very end of an hour belongs to it.
    const at = millisecondsOf(time - 1n)
    if (at < this.#now - repeatMs)
      return 'is more than 24 hours old, so that it could not be told from a repeat'
    const when =
      at < this.#now - recentMs ? { occurredAt: undefined, countedAt: at } : { occurredAt: at }
    const idempotencyKey = `otlp:${key}`
    this.#reports.push({ dimension, tags, quantity: value, ...when, idempotencyKey })
    return undefined
  }

  #reject(dimension: string, reason: string, points: number): void {
    const key = `${dimension}\n${reason}`
    const before = this.#rejected.get(key)?.points ?? 0
    this.#rejected.set(key, { dimension, reason, points: before + points })
  }
}

const incomplete = 'is added up with a gauge of the request that has no usable value'

/** A cumulative sum shows it again with its next value; a delta sum never does. */
const tooSmall = 'has a value of less than a millionth, which is the smallest amount that counts'

/** What one report may have, in millionths. */
const largest = 10n ** 21n - 1n

/** In millionths; undefined for what is no amount, or too large. */
function amountIn({ value = 'NaN' }: OtlpPoint): bigint | undefined {
  const micro = microOf(value)
  return micro.ok && micro.value <= largest ? micro.value : undefined
}

function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n)
}
