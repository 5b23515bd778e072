import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy between a client and its server that can lose an answer. */
export interface LossyProxy {
  readonly url: string
  /** Where requests go from now on. */
  target: string
  /** The number of requests so far. */
  readonly requests: number
  /** Discards the next answer and resets or ends its connection, after the server has done the work. */
  loseNextAnswer(how?: 'reset' | 'end'): void
  close(): void
}

export async function startLossyProxy(first: string): Promise<LossyProxy> {
  let requests = 0
  let losing: 'reset' | 'end' | undefined
  let target = new URL(first)
  const server = createServer((incoming, outgoing) => {
    requests += 1
    const { method, url, headers } = incoming
    const { hostname, port } = target
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      if (losing !== undefined) {
        const { socket } = incoming
        const lose = losing === 'reset' ? () => socket.resetAndDestroy() : () => socket.destroy()
        losing = undefined
        answer.resume().once('end', lose)
        return
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    onward.once('error', () => incoming.socket.destroy())
    incoming.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    get target() {
      return target.href
    },
    set target(url) {
      target = new URL(url)
    },
    get requests() {
      return requests
    },
    loseNextAnswer: (how = 'reset') => {
      losing = how
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
