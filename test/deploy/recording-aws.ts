import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface RecordedCall {
  readonly operation: string
  /** The members of the request, if it was JSON. */
  readonly input: unknown
}

export interface RecordingAws {
  readonly url: string
  readonly calls: readonly RecordedCall[]
  close(): Promise<void>
}

/** A server in AWS's place that records every request that a client sends. */
export async function startRecordingAws(): Promise<RecordingAws> {
  const calls: RecordedCall[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const [, target] = String(request.headers['x-amz-target']).split('.')
    if (target === undefined) {
      // Clients of older services send a form and read XML.
      const operation = new URLSearchParams(body).get('Action') ?? ''
      calls.push({ operation, input: undefined })
      response.end(`<Response><${operation}Result/><ResponseMetadata/></Response>`)
    } else {
      calls.push({ operation: target, input: JSON.parse(body) as unknown })
      response.end('{}')
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
