import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface RecordingEcs {
  readonly url: string
  /** What RegisterTaskDefinition was called with, in order. */
  readonly registered: readonly unknown[]
  close(): Promise<void>
}

/** Stands where ECS is, takes every task definition that a client lets through, and keeps it. */
export async function startRecordingEcs(): Promise<RecordingEcs> {
  const registered: unknown[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1]
    const body = JSON.parse(await text(request)) as Record<string, unknown>
    if (operation === 'RegisterTaskDefinition') registered.push(body)
    response.writeHead(operation === 'RegisterTaskDefinition' ? 200 : 400)
    response.end(JSON.stringify({ taskDefinition: { family: body['family'], revision: 1 } }))
  }
  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    registered,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
