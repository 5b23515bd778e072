import { array, assert, asyncProperty, constantFrom, record } from 'fast-check'
import { Histogram, Registry, type Metric } from 'prom-client'
import { expect, test } from 'vitest'
import { RequestTimes } from '../../../src/observe/prometheus/request-times.ts'

const buckets = [0.001, 0.01, 0.1]
const requests = array(
  record({
    route: constantFrom('/v1/usage', '/v1/entitlement'),
    method: constantFrom('GET', 'POST'),
    status: constantFrom(200, 503),
    seconds: constantFrom(0, 0.0005, 0.001, 0.05, 0.1, 7),
  }),
)

test('the text is that of a histogram of prom-client', async () => {
  await assert(
    asyncProperty(requests, async (observed) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const times = new RequestTimes('times', 'How long', buckets)
      ours.registerMetric(times as unknown as Metric)
      const histogram = new Histogram({
        name: 'times',
        help: 'How long',
        labelNames: ['route', 'method', 'status'],
        buckets,
        registers: [theirs],
      })
      for (const { route, method, status, seconds } of observed) {
        times.observe(route, method, status, seconds)
        histogram.observe({ route, method, status: String(status) }, seconds)
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
  )
})
