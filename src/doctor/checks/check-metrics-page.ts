import { formatQuantity } from '../../metering/quantity.ts'
import { loadPage } from '../../sources/prometheus/load-page.ts'
import { isScraped, readPage, wantedNames } from '../../sources/prometheus/read-page.ts'
import { defineCheck } from '../check.ts'

export const metricsPageCheck = defineCheck({
  id: 'metrics-page',
  title:
    'The metrics page of `SIDECAR_SCRAPE_URL`, where a dimension comes from it: what each series would give.',
  needs: ['settings', 'product'],
  problems: {
    NoAnswer: {
      status: 'fail',
      when: 'The page does not answer, or it is not a whole metrics page.',
      fix: 'Start the application, and look at the page with curl. Correct SIDECAR_SCRAPE_URL.',
    },
    NoSeries: {
      status: 'warn',
      when: 'The page has no series of a dimension.',
      fix: 'Compare metric and match of the dimension with the page. A series may first appear with the first usage.',
    },
    NoStart: {
      status: 'warn',
      when: 'A counter names no start of its process, so that its first value is not billed, and a restart cannot be told from a mistake.',
      fix: 'Let the application show process_start_time_seconds, as the usual libraries do.',
    },
    Unusable: {
      status: 'warn',
      when: 'A value cannot be counted: NaN, infinity, less than 0, or a gauge where a counter is needed.',
      fix: 'Name another metric in the product file, or correct the application.',
    },
  },
  async run({ values, product, timeoutMs }, findings) {
    const dimensions = (product?.dimensions ?? []).filter(isScraped)
    const url = values.get('SIDECAR_SCRAPE_URL')
    if (dimensions.length === 0 || url === undefined) return
    const names = wantedNames(dimensions)
    const loaded = await loadPage({ url, timeoutMs, wanted: (name) => names.has(name) })
    if (!loaded.ok) return findings.problem('NoAnswer', `${url}: ${loaded.failure.reason}.`)
    const { counters, gauges, unusable } = readPage(loaded.value.samples, dimensions)
    for (const { name } of dimensions) {
      const own = counters.filter(({ dimension }) => dimension === name)
      const read = gauges.filter(({ dimension }) => dimension === name)
      const wrong = unusable.filter(({ dimension }) => dimension === name)
      for (const { series, value } of own)
        findings.pass(`${series} shows ${formatQuantity(value)}, and gives what it rises by.`, name)
      for (const { tags, value } of read)
        findings.pass(`${formatQuantity(value)} now${tags === '' ? '' : ` with ${tags}`}.`, name)
      for (const { reason } of wrong) findings.problem('Unusable', `${reason}.`, { subject: name })
      if (own.some(({ startedAt }) => startedAt === undefined))
        findings.problem('NoStart', 'The page does not say when its process was started.', {
          subject: name,
        })
      if (own.length + read.length + wrong.length === 0)
        findings.problem('NoSeries', `${url} has no series of it.`, { subject: name })
    }
  },
})
