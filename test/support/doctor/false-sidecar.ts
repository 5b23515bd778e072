import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How a proof is answered. */
export type ProofReply = (nonce: string, response: ServerResponse) => void

export interface FalseSidecar {
  readonly port: number
  /** Sets the answer from now on, and counts requests from 0. */
  reply(reply: ProofReply): void
  requests(): number
  /** Afterwards nothing listens there. */
  close(): Promise<void>
}

/** What a buyer would run instead of the sidecar: it always answers that the product may run. */
export async function startFalseSidecar(): Promise<FalseSidecar> {
  let current: ProofReply = replyWith('')
  let requests = 0
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/v1/entitlement') {
      replyWith({ entitled: true, state: 'entitled', code: 'Entitled' })('', response)
      return
    }
    requests += 1
    current(searchParams.get('nonce') ?? '', response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    reply(reply) {
      current = reply
      requests = 0
    },
    requests: () => requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Gives every caller the same answer; an object as JSON. */
export function replyWith(
  body: string | Buffer | object,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): ProofReply {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return (_, response) => response.writeHead(status, headers).end(bytes)
}
