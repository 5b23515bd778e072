import { expect, test } from 'vitest'
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
