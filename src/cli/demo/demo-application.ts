import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import {
  DemoExporter,
  headersFor,
  sentMetric,
  type DemoCounts,
  type DemoSidecar,
} from './demo-exporter.ts'

/** How the demo's application shows what it counts. */
export const demoSources = ['prometheus', 'otlp'] as const
export type DemoSource = (typeof demoSources)[number]

/** A small application that counts its requests, and knows nothing of the sidecar but where its metrics go. */
export interface DemoApplication {
  readonly url: string
  /** How the sidecar learns what it counts, in words. */
  readonly says: string
  /** Its metrics page; undefined where it sends its metrics. */
  readonly pageUrl: string | undefined
  /** Sends its metrics to the sidecar from now on, if it does so by itself. */
  begin(sidecar: DemoSidecar): void
  /** Sends the last metrics, or has the sidecar read the page once more, and ends. */
  end(sidecar: DemoSidecar): Promise<void>
}

const pageMetric = 'demo_requests_total'
const match = { kind: 'paid' }

/** The dimensions of the demo where usage comes from what the application counts. */
export function sourceDimensions(source: DemoSource) {
  const metric = source === 'otlp' ? sentMetric : pageMetric
  return [{ name: 'requests', from: { [source]: { metric, match } } }, 'storage']
}

interface DemoClocks {
  /** That of the demo, on which hours are short. */
  readonly clock: Clock
  readonly timers: Clock
}

/** Starts the application on a free port of 127.0.0.1. */
export async function startDemoApplication(
  source: DemoSource,
  { clock, timers }: DemoClocks,
): Promise<DemoApplication> {
  const counts = { paid: 0, free: 0 }
  const startedAt = clock.now()
  const server = createServer((request, response) => {
    if (source === 'prometheus' && request.url === '/metrics')
      return response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
        .end(pageOf(counts, startedAt))
    const kind = request.url === '/free' ? 'free' : 'paid'
    counts[kind] += 1
    return response.end(`${kind} request ${counts[kind]}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  let exporter: DemoExporter | undefined
  return {
    url: `localhost:${port}`,
    ...(source === 'otlp'
      ? { says: 'which it sends to the sidecar within a second', pageUrl: undefined }
      : {
          says: 'on the page that the sidecar reads',
          pageUrl: `http://127.0.0.1:${port}/metrics`,
        }),
    begin(sidecar) {
      if (source === 'otlp') exporter = new DemoExporter({ sidecar, clock, timers, counts })
    },
    async end(sidecar) {
      await (exporter === undefined ? scrape(sidecar) : exporter.end())
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Where it does not answer, the sidecar reads the page itself while it waits for the end. */
async function scrape({ port, apiToken }: DemoSidecar): Promise<void> {
  const headers = headersFor(apiToken)
  await fetch(`http://127.0.0.1:${port}/v1/scrape`, { method: 'POST', headers }).catch(() => {})
}

function pageOf(counts: DemoCounts, startedAt: number): string {
  return [
    `# TYPE ${pageMetric} counter`,
    ...Object.entries(counts).map(([kind, count]) => `${pageMetric}{kind="${kind}"} ${count}`),
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${startedAt / 1000}`,
    '',
  ].join('\n')
}
