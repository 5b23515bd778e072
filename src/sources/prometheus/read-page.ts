import type { Aggregate } from '../../metering/account.ts'
import type { CounterReading } from '../../metering/counter.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { Dimension } from '../../product/product.ts'
import type { Sample } from './exposition/page.ts'
import { seriesKey } from './exposition/parse-page.ts'
import { mappedTags } from '../mapped-tags.ts'
import { microOf, shownValue } from '../sample-value.ts'

export type ScrapedDimension = Dimension & {
  readonly from: { readonly prometheus: NonNullable<NonNullable<Dimension['from']>['prometheus']> }
}

export function isScraped(dimension: Dimension): dimension is ScrapedDimension {
  return dimension.from?.prometheus !== undefined
}

/** Sums of gauges at the moment of the page, for dimensions that are no sums. */
interface GaugeReading {
  readonly dimension: string
  readonly tags: TagSet
  readonly value: bigint
}

interface PageReading {
  readonly startedAt: number | undefined
  readonly counters: readonly CounterReading[]
  readonly gauges: readonly GaugeReading[]
  /** Series whose value is no amount, or whose type does not fit, with the reason. */
  readonly unusable: readonly { readonly dimension: string; readonly reason: string }[]
}

const processStart = 'process_start_time_seconds'

/** The names of the samples that these dimensions need. */
export function wantedNames(dimensions: readonly ScrapedDimension[]): ReadonlySet<string> {
  const metrics = dimensions.map(({ from }) => from.prometheus.metric)
  return new Set([processStart, ...metrics, ...metrics.map(createdName)])
}

/** Picks what the dimensions count out of the samples of a page. */
export function readPage(
  samples: readonly Sample[],
  dimensions: readonly ScrapedDimension[],
): PageReading {
  const starts = startsIn(samples)
  const read = dimensions.map((dimension) => readDimension(samples, dimension, starts))
  return {
    startedAt: starts.get(processStart),
    counters: read.flatMap(({ counters }) => counters),
    gauges: read.flatMap(({ gauges }) => gauges),
    unusable: read.flatMap(({ unusable }) => unusable),
  }
}

/** When the process and its counters began, by the key of the series that says so. */
type Starts = ReadonlyMap<string, number | undefined>

function startsIn(samples: readonly Sample[]): Starts {
  return new Map(
    samples
      .filter(({ name }) => name === processStart || name.endsWith('_created'))
      .map((sample) => [seriesKey(sample), instantOf(sample.value)]),
  )
}

function readDimension(
  samples: readonly Sample[],
  { name: dimension, aggregate = 'sum', from }: ScrapedDimension,
  starts: Starts,
): Omit<PageReading, 'startedAt'> {
  const { metric, match, tags: tagLabels, firstValue } = from.prometheus
  const wanted = [...(match ?? [])]
  const counters: CounterReading[] = []
  const sums = new Map<TagSet, bigint>()
  const unusable: { dimension: string; reason: string }[] = []
  for (const sample of samples) {
    if (sample.name !== metric || !hasLabels(sample, wanted)) continue
    const value = microOf(sample.value)
    const mistake = value.ok
      ? mistakeOf(sample, aggregate, match)
      : `shows ${shownValue(sample.value)}`
    if (!value.ok || mistake !== undefined) {
      unusable.push({ dimension, reason: `${metric} ${mistake}` })
      continue
    }
    const tags = mappedTags(tagLabels, (label) => sample.labels.get(label))
    if (aggregate === 'sum') {
      const series = seriesKey(sample)
      const startedAt = startOf(sample, starts)
      counters.push({ dimension, series, tags, value: value.value, startedAt, firstValue })
    } else sums.set(tags, (sums.get(tags) ?? 0n) + value.value)
  }
  const gauges = [...sums].map(([tags, value]) => ({ dimension, tags, value }))
  // A sum that lacks one of its series would be too small: better no reading.
  return { counters, gauges: unusable.length === 0 ? gauges : [], unusable }
}

function hasLabels(
  { labels }: Sample,
  wanted: readonly (readonly [label: string, text: string])[],
): boolean {
  return wanted.every(([label, text]) => (labels.get(label) ?? '') === text)
}

/** A counter that does not say when it began did so with its process. */
function startOf(sample: Sample, starts: Starts): number | undefined {
  const name = createdName(sample.name)
  return starts.get(seriesKey({ ...sample, name })) ?? starts.get(processStart)
}

/** Why a sample cannot be counted, or measured, by a dimension of this aggregate. */
function mistakeOf(
  { name, type }: Sample,
  aggregate: Aggregate,
  match: ReadonlyMap<string, string> | undefined,
): string | undefined {
  const isPart = (suffix: string) => name.endsWith(suffix)
  const isCount = isPart('_count') || isPart('_sum')
  const isDistribution = type === 'histogram' || type === 'summary'
  if (aggregate !== 'sum')
    return type === 'counter' || (isDistribution && isCount) || type === 'histogram'
      ? `only rises; ${aggregate} needs a gauge`
      : undefined
  if (type === 'counter' || type === 'unknown') return undefined
  if (!isDistribution) return `is a ${type}, which can fall`
  if (isCount) return undefined
  if (type === 'summary') return 'is a quantile of a summary; count its _count or its _sum'
  return match?.has('le') === true
    ? undefined
    : 'counts each observation in several buckets; count its _count, or name one bucket with "le" in match'
}

function createdName(metric: string): string {
  return `${metric.replace(/_(total|count|sum)$/, '')}_created`
}

function instantOf(seconds: string): number | undefined {
  const value = Number(seconds) * 1000
  return Number.isFinite(value) && value > 0 ? Math.round(value) : undefined
}
