import { prometheusSource } from '../../../src/sources/prometheus/prometheus-source.ts'
import { startMetricsPage } from '../../support/sidecar/metrics-page.ts'
import { describeSource, type Application, type SentUsage } from './source-conformance.ts'
import type { RunningSource } from './running-source.ts'

/** An application with a metrics page, which has it read after each piece of usage. */
async function startApplication(): Promise<Application> {
  const page = await startMetricsPage()
  const counted = new Map<string, SentUsage>()
  let startedAt: number | undefined
  return {
    url: page.url,
    async send({ port, clock }: RunningSource, usage: SentUsage) {
      startedAt ??= clock.now()
      counted.set(usage.id, usage)
      page.answer = textOf([...counted.values()], startedAt)
      const response = await fetch(`http://127.0.0.1:${port}/v1/scrape`, { method: 'POST' })
      const { code } = (await response.json()) as { readonly code?: string }
      return { acknowledged: response.ok, code }
    },
    close: () => page.close(),
  }
}

function textOf(counted: readonly SentUsage[], startedAt: number): string {
  const series = Map.groupBy(counted, ({ dimension, tags = {} }) => {
    const labels = Object.entries(tags).map(([label, value]) => `${label}="${value}"`)
    return `app_${dimension}_total{${labels.toSorted().join(',')}}`
  })
  const samples = [...series].map(([name, ofIt]) => {
    const [first] = ofIt
    // A single quantity is shown as it was given.
    const value =
      ofIt.length === 1
        ? first?.quantity
        : ofIt.reduce((sum, { quantity }) => sum + Number(quantity), 0)
    return `${name} ${value}\n`
  })
  const types = [...new Set(counted.map(({ dimension }) => dimension))].map(
    (dimension) => `# TYPE app_${dimension}_total counter\n`,
  )
  return [...types, `process_start_time_seconds ${startedAt / 1000}\n`, ...samples].join('')
}

describeSource({
  source: prometheusSource,
  from: (dimension) => ({
    from: {
      otlp: undefined,
      heartbeat: undefined,
      prometheus: {
        metric: `app_${dimension}_total`,
        match: undefined,
        tags: new Map(['team', 'account'].map((label) => [label, label])),
        firstValue: 'count',
      },
    },
  }),
  start: startApplication,
  codes: {
    LedgerFull: 'ScrapeFailed',
    LedgerBusy: 'ScrapeFailed',
    LedgerFailed: 'ScrapeFailed',
    ShuttingDown: 'ScrapeFailed',
    defect: 'ScrapeFailed',
  },
  complaint: 'failed',
  unknownDimension: { acknowledged: true, code: undefined },
  quantities: [
    { dimension: 'requests', sent: '0', micro: 0n },
    { dimension: 'requests', sent: '0.000001', micro: 1n },
    { dimension: 'requests', sent: '2.5', micro: 2_500_000n },
    { dimension: 'requests', sent: '9007199254740993', micro: 9_007_199_254_740_993_000_000n },
    { dimension: 'storage', sent: '3', micro: 3_000_000n },
  ],
  addsUp: true,
})
