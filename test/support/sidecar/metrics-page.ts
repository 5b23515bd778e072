import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface MetricsPage {
  readonly url: string
  /** What it answers from now on: a text, or anything else by hand. */
  answer: string | ((response: ServerResponse) => void)
  /** How often it was read. */
  reads: number
  close(): Promise<void>
}

/** The metrics page of an application, on a real socket. */
export async function startMetricsPage(answer: MetricsPage['answer'] = ''): Promise<MetricsPage> {
  const server = createServer((_request, response) => {
    page.reads += 1
    if (typeof page.answer === 'function') return page.answer(response)
    const isOpen = page.answer.trimEnd().endsWith('# EOF')
    const type = isOpen
      ? 'application/openmetrics-text; version=1.0.0'
      : 'text/plain; version=0.0.4'
    response.writeHead(200, { 'content-type': type }).end(page.answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const page: MetricsPage = {
    url: `http://127.0.0.1:${port}/metrics`,
    answer,
    reads: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return page
}
