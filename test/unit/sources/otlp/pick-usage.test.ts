import { expect, test } from 'vitest'
import type { OtlpMetric } from '../../../../src/sources/otlp/metric.ts'
import { pickUsage, type SentDimension } from '../../../../src/sources/otlp/pick-usage.ts'
import { otlpProtobuf } from '../../../support/otlp/otlp-request.ts'
import { readMetrics, whole } from '../../../support/otlp/read-whole.ts'

const at = Date.parse('2026-03-10T09:15:00Z')
const otlp = { metric: 'app.requests', match: undefined, tags: undefined, firstValue: 'count' }
const dimension = {
  name: 'requests',
  unit: undefined,
  divisor: 1n,
  from: { otlp },
} as SentDimension
const requestOf = (count: number) =>
  otlpProtobuf([
    {
      metrics: [
        {
          name: 'app.requests',
          points: Array.from({ length: count }, (_, index) => ({
            value: BigInt(index),
            at,
            start: at - 1,
            attributes: { path: `/${index}` },
          })),
        },
      ],
    },
  ])

test('the points of a large request are picked in slices', () => {
  const metrics = readMetrics(requestOf(1000), () => true)
  const picking = () => pickUsage(metrics, [dimension], at)
  expect([...picking()]).toHaveLength(4)
  expect(whole(picking()).points.map(({ value }) => value)).toEqual(
    Array.from({ length: 1000 }, (_, index) => BigInt(index) * 1_000_000n),
  )
})

const pick = (metric: Partial<OtlpMetric>, aggregate: SentDimension['aggregate'] = 'sum') => {
  const [read] = readMetrics(requestOf(1), () => true)
  if (read === undefined) throw new Error('no metric')
  return whole(pickUsage([{ ...read, ...metric }], [{ ...dimension, aggregate }], at))
}

test.each([
  ['histogram', 'is a histogram'],
  ['exponential histogram', 'is an exponential histogram'],
  ['summary', 'is a summary'],
  ['metric without data', 'is a metric without data'],
] as const)('a %s is rejected by its name', (kind, reason) => {
  expect(pick({ kind }).rejected).toMatchObject([{ reason: expect.stringContaining(reason) }])
})

const deltaOf = (values: readonly string[]) => {
  const [read] = readMetrics(requestOf(values.length), () => true)
  const points = read?.points.map((point, index) => ({ ...point, value: values[index] })) ?? []
  return pick({ temporality: 'delta', points })
}

test('the fractions of delta sums add up', () => {
  const { reports, rejected } = deltaOf(['0.5', '0.5', '0.000001', '1e-6', '0'])
  expect(reports.map(({ quantity }) => quantity)).toEqual([500_000n, 500_000n, 1n, 1n])
  expect(rejected).toEqual([])
})

test('a delta sum that is too small to be counted is rejected, not passed over', () => {
  const { reports, rejected } = deltaOf(['0.0000009', '4e-7', '1'])
  expect(reports.map(({ quantity }) => quantity)).toEqual([1_000_000n])
  expect(rejected).toMatchObject([
    { points: 2, reason: expect.stringContaining('less than a millionth') },
  ])
})
