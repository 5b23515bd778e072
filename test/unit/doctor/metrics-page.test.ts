import { afterEach, beforeEach, expect, test } from 'vitest'
import { metricsPageCheck } from '../../../src/doctor/checks/check-metrics-page.ts'
import { findingsOf, outcomesOf } from '../../support/doctor/test-machine.ts'
import { startMetricsPage, type MetricsPage } from '../../support/sidecar/metrics-page.ts'

let page: MetricsPage
beforeEach(async () => {
  page = await startMetricsPage()
})
afterEach(() => page.close())

function look(url: string | undefined, from: object = { prometheus: { metric: 'a_total' } }) {
  const file = JSON.stringify({
    productCode: 'product',
    route: 'metered',
    dimensions: [{ name: 'requests', from, ...('heartbeat' in from && { aggregate: 'max' }) }],
  })
  return findingsOf(metricsPageCheck, {
    env: {
      ...(url !== undefined && { SIDECAR_SCRAPE_URL: url }),
    },
    reader: { readText: () => file },
  })
}

test('every series of a dimension is shown with its value', async () => {
  page.answer =
    'process_start_time_seconds 1700000000\na_total{kind="x"} 7\na_total{kind="y"} 2.5\n'
  const findings = await look(page.url)
  expect(outcomesOf(findings)).toEqual(['pass', 'pass'])
  expect(findings[0]?.message).toContain('7')
  expect(findings[1]?.message).toContain('2.5')
})

test.each([
  ['a page without the metric', 'b_total 1\n', ['NoSeries']],
  ['a page without a start', 'a_total 1\n', ['pass', 'NoStart']],
  ['a value that is no amount', 'a_total NaN\n', ['Unusable']],
  ['half a page', 'a_total 1', ['NoAnswer']],
])('%s is reported', async (_, answer, outcomes) => {
  page.answer = answer
  expect(outcomesOf(await look(page.url))).toEqual(outcomes)
})

test('a page that does not answer is reported', async () => {
  await page.close()
  expect(outcomesOf(await look(page.url))).toEqual(['NoAnswer'])
})

test('a product that takes nothing from a page has no finding', async () => {
  expect(await look(undefined, { heartbeat: { value: 1 } })).toEqual([])
})
