import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import {
  createMarketplaceMetering,
  type MarketplaceMeteringOptions,
} from '../../../src/aws/marketplace-metering.ts'
import type { MeteringResult, MeteringApi, MeteringFailure } from '../../../src/aws/metering-api.ts'
import { Events, type SidecarEvents } from '../../../src/kernel/events.ts'
import type { Certificate } from '../../support/doctor/make-certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Credentials and a record that mean nothing in particular. */
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'token',
}
export const record = {
  productCode: 'prod1',
  dimension: 'requests',
  timestamp: Date.parse('2026-03-10T09:15:00.750Z'),
  quantity: 7_000_000n,
  form: 'whole' as const,
  clientToken: 'record-token-1',
}

/** The API that calls `endpoint`; `calls` receives the event of each call. */
export function openMetering(
  endpoint: FakeEndpoint,
  calls: SidecarEvents['awsCalled'][],
  more: Partial<MarketplaceMeteringOptions> = {},
): MeteringApi {
  const events = new Events()
  events.on('awsCalled', (event) => calls.push(event))
  return createMarketplaceMetering({
    region: 'eu-west-1',
    endpoint: endpoint.url,
    endpointForm: { fips: false, dualStack: false },
    timeoutMs: 2_000,
    credentials,
    events,
    clock: new ManualClock('2026-03-10T09:15:00Z'),
    timers: new ManualClock(),
    ...more,
  })
}

export function failureOf(given: MeteringResult<unknown>): MeteringFailure {
  if (given.ok) throw new Error('expected a failure')
  return given.failure
}

export interface Seen {
  readonly target: string
  readonly authorization: string
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

type Reply = (response: ServerResponse, request: IncomingMessage) => void

/** A metering endpoint that answers every request the way a test says. */
export interface FakeEndpoint {
  readonly url: string
  readonly port: number
  readonly seen: Seen[]
  readonly connections: () => number
  reply: Reply
  close(): Promise<void>
}

export async function startEndpoint(reply: Reply, tls?: Certificate): Promise<FakeEndpoint> {
  let connections = 0
  const seen: Seen[] = []
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      seen.push({
        text,
        target: String(request.headers['x-amz-target']),
        authorization: String(request.headers.authorization),
        body: parse(text),
      })
      endpoint.reply(response, request)
    })
  }
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoint: FakeEndpoint = {
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}`,
    port,
    seen,
    connections: () => connections,
    reply,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return endpoint
}

/** STS is asked in form encoding. */
function parse(text: string): Seen['body'] {
  return text.startsWith('{')
    ? (JSON.parse(text) as Seen['body'])
    : Object.fromEntries(new URLSearchParams(text))
}

export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

export function awsError(name: string, status = 400, message = `said ${name}`): Reply {
  return answer(status, { __type: name, message })
}

const deafListener = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })
`

/** A port whose queue is full and whose owner accepts no one: connections to it do not open. */
export async function startDeafListener(): Promise<{ port: number; release(): Promise<void> }> {
  const worker = new Worker(deafListener, { eval: true })
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const fillers: Socket[] = []
  for (let count = 0; count < 8; count += 1) {
    fillers.push(connect(port, '127.0.0.1').on('error', () => {}))
  }
  await new Promise<void>((resolve) => fillers[0]?.once('connect', resolve))
  return {
    port,
    async release() {
      for (const filler of fillers) filler.destroy()
      await worker.terminate()
    },
  }
}
