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
  const starts = new Map(
    samples
      .filter(({ name }) => name === processStart || name.endsWith('_created'))
      .map((sample) => [seriesKey(sample), instantOf(sample.value)]),
  )
  const startedAt = starts.get(processStart)
  const counters: CounterReading[] = []
  const gauges = new Map<string, GaugeReading>()
  const unusable: { dimension: string; reason: string }[] = []
  for (const { name: dimension, aggregate = 'sum', from } of dimensions) {
    const { metric, match, tags: tagLabels, firstValue } = from.prometheus
    const wanted = match === undefined ? [] : [...match]
    for (const sample of samples) {
      if (sample.name !== metric) continue
      if (wanted.some(([label, text]) => (sample.labels.get(label) ?? '') !== text)) continue
      const value = microOf(sample.value)
      if (!value.ok) {
        unusable.push({ dimension, reason: `${metric} shows ${shownValue(sample.value)}` })
        continue
      }
      const mistake = mistakeOf(sample, aggregate, match)
      if (mistake !== undefined) {
        unusable.push({ dimension, reason: `${metric} ${mistake}` })
        continue
      }
      const tags = mappedTags(tagLabels, (label) => sample.labels.get(label))
      if (aggregate === 'sum') {
        const created = starts.get(seriesKey({ ...sample, name: createdName(metric) }))
        const start = created ?? startedAt
        const series = seriesKey(sample)
        counters.push({ dimension, series, tags, value: value.value, startedAt: start, firstValue })
      } else {
        const name = `${dimension} ${tags}`
        const before = gauges.get(name)?.value ?? 0n
        gauges.set(name, { dimension, tags, value: before + value.value })
      }
    }
  }
  return { startedAt, counters, gauges: usable([...gauges.values()], unusable), unusable }
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

/** A sum that lacks one of its series would be too small: better no reading. */
function usable(
  gauges: readonly GaugeReading[],
  unusable: PageReading['unusable'],
): GaugeReading[] {
  return gauges.filter(({ dimension }) => !unusable.some((each) => each.dimension === dimension))
}

function createdName(metric: string): string {
  return `${metric.replace(/_(total|count|sum)$/, '')}_created`
}

function instantOf(seconds: string): number | undefined {
  const value = Number(seconds) * 1000
  return Number.isFinite(value) && value > 0 ? Math.round(value) : undefined
}
