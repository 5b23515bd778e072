import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A small application that counts its requests for Prometheus and knows nothing of the sidecar. */
export interface DemoApplication {
  readonly url: string
  /** Its metrics page. */
  readonly pageUrl: string
  /** Has the sidecar at this port read the page once more, and ends. */
  end(sidecarPort: number): Promise<void>
}

const metric = 'demo_requests_total'

/** The dimensions of the demo where usage comes from the application's page. */
export const pageDimensions = [
  { name: 'requests', from: { prometheus: { metric, match: { kind: 'paid' } } } },
  'storage',
]

/** Starts the application on a free port of 127.0.0.1; `startedAt` is now on the clock of the demo, ms. */
export async function startDemoApplication(startedAt: number): Promise<DemoApplication> {
  const counts = { paid: 0, free: 0 }
  const server = createServer((request, response) => {
    if (request.url === '/metrics')
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
  return {
    url: `localhost:${port}`,
    pageUrl: `http://127.0.0.1:${port}/metrics`,
    async end(sidecarPort) {
      const scrape = `http://127.0.0.1:${sidecarPort}/v1/scrape`
      // Where it does not answer, the sidecar reads the page itself while it waits for the end.
      await fetch(scrape, { method: 'POST' }).catch(() => {})
      server.close()
      server.closeAllConnections()
    },
  }
}

function pageOf(counts: Readonly<Record<string, number>>, startedAt: number): string {
  return [
    `# TYPE ${metric} counter`,
    ...Object.entries(counts).map(([kind, count]) => `${metric}{kind="${kind}"} ${count}`),
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${startedAt / 1000}`,
    '',
  ].join('\n')
}
