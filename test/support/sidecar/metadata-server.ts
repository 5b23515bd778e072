import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'

export interface MetadataServer {
  readonly url: string
  /** `GET /path` for each request, in order. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** A metadata service on a free port of this machine. */
export async function startMetadataServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<MetadataServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response, requests.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Lets I/O continue until `condition` holds, or until the test's time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** A token with these claims, as the kubelet would write it; the signature is not a real one. */
export function fakeToken(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', kid: 'test' })}.${part(claims)}.c2lnbmF0dXJl`
}
