import { expect, test } from 'vitest'
import type { Aggregate } from '../../../../src/metering/account.ts'
import { parsePage } from '../../../../src/sources/prometheus/exposition/parse-page.ts'
import { readPage, type ScrapedDimension } from '../../../../src/sources/prometheus/read-page.ts'

const page = `# TYPE requests_total counter
requests_total 3
# TYPE hosts gauge
hosts 4
# TYPE seconds histogram
seconds_bucket{le="1"} 1
seconds_bucket{le="+Inf"} 3
seconds_sum 7
seconds_count 3
# TYPE wait summary
wait{quantile="0.5"} 2
wait_sum 9
wait_count 5
unheard 6
`

function read(metric: string, aggregate: Aggregate, match?: ReadonlyMap<string, string>) {
  const parsed = parsePage(page, { format: 'text', wanted: () => true })
  if (!parsed.ok) throw new Error(parsed.failure.reason)
  const from = { metric, match, tags: undefined, firstValue: 'count' as const }
  const dimension: ScrapedDimension = {
    name: 'units',
    aggregate,
    from: { prometheus: from, otlp: undefined, heartbeat: undefined },
  } as ScrapedDimension
  const { counters, gauges, unusable } = readPage(parsed.value, [dimension])
  const [first] = unusable
  return first?.reason ?? [...counters, ...gauges].map(({ value }) => Number(value / 1_000_000n))
}

const bucket = new Map([['le', '1']])

test.each([
  ['requests_total', 'sum', undefined, [3]],
  ['unheard', 'sum', undefined, [6]],
  ['seconds_count', 'sum', undefined, [3]],
  ['wait_sum', 'sum', undefined, [9]],
  ['seconds_bucket', 'sum', bucket, [1]],
  ['hosts', 'max', undefined, [4]],
  ['wait', 'max', undefined, [2]],
  ['unheard', 'last', undefined, [6]],
] as const)('%s counts for %s', (metric, aggregate, match, values) => {
  expect(read(metric, aggregate, match)).toEqual(values)
})

test.each([
  ['hosts', 'sum', /^hosts is a gauge, which can fall$/],
  ['wait', 'sum', /^wait is a quantile of a summary/],
  ['seconds_bucket', 'sum', /^seconds_bucket counts each observation in several buckets/],
  ['requests_total', 'max', /^requests_total only rises; max needs a gauge$/],
  ['seconds_count', 'last', /^seconds_count only rises/],
  ['wait_sum', 'integral', /^wait_sum only rises/],
] as const)('%s cannot count for %s', (metric, aggregate, reason) => {
  expect(read(metric, aggregate)).toMatch(reason)
})
