import { randomUUID } from 'node:crypto'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import { createSystemClock, type Clock } from '../kernel/clock.ts'
import { messageOf, SidecarError } from '../kernel/errors.ts'
import { awsLimits } from '../metering/aws-limits.ts'
import { contentType, encodeFailure } from '../protocol/codec.ts'
import { answerCall, type CallParts } from './answer-call.ts'
import { signatureToleranceMs } from './check-signature.ts'
import { CallLog } from './control/calls.ts'
import { addControlRoutes } from './control/control-routes.ts'
import { addWorldRoutes } from './control/world-routes.ts'
import { demoCustomer, demoProduct } from './demo-product.ts'
import { EmulatorClock } from './emulator-clock.ts'
import { FaultScript, type Fault } from './control/faults.ts'
import { toHttpDate } from '../kernel/text/http-date.ts'
import type {
  EmulatedBuyer,
  EmulatedCustomer,
  EmulatedProduct,
  EmulatedTask,
} from './marketplace.ts'
import { findKey, type Metering } from './operations/metering-rules.ts'
import { MeteringState } from './operations/metering-state.ts'
import { createProductKeys } from './product-keys.ts'
import { defaultSettings, type EmulatorSettings } from './emulator-settings.ts'
import { Quotas } from './quotas.ts'
import type { SigningKey } from './signing-key.ts'

export interface EmulatorOptions {
  /** The clock that drives the emulator's own; the machine's when absent. */
  readonly clock?: Clock
  /** How many times as fast as `clock` hours pass; 180 makes one of 20 s. 1 when absent. */
  readonly rate?: number
  /** What the emulator's clock shows at first, ms. */
  readonly startAt?: number
  /** The demo product when absent. */
  readonly products?: readonly EmulatedProduct[]
  /** Who runs tasks and pods. A task that names no buyer belongs to one with every product. */
  readonly buyers?: readonly EmulatedBuyer[]
  /** When there are any, calls with other access key ids are refused. */
  readonly tasks?: readonly EmulatedTask[]
  /** One SaaS customer of the first product when absent. */
  readonly customers?: readonly EmulatedCustomer[]
  /** Where every task and pod runs; each where its first call was signed for when absent. */
  readonly region?: string
  /** Other settings to start with, and to go back to on a reset. */
  readonly settings?: Partial<EmulatorSettings>
  /** What goes wrong from the start, and again after a reset. */
  readonly faults?: readonly Fault[]
  /** The first product's; a fresh one when absent. */
  readonly signingKey?: SigningKey
  readonly randomUuid?: () => string
  /** Receives a line for each call. */
  readonly log?: (line: string) => void
  /** How long a whole request may take to arrive, ms: 30 seconds by default. */
  readonly requestTimeoutMs?: number
}

export interface Emulator {
  /** The time of the service. Other parts of a test may run on it too. */
  readonly clock: EmulatorClock
  /** Port 0 chooses a free one. Throws ListenFailed, which names `option` as what sets the port. */
  listen(
    port: number,
    host?: string,
    option?: string,
  ): Promise<{ readonly url: string; readonly port: number }>
  /** Closes every connection. */
  close(): Promise<void>
  /**
   * Returns the key that the portal would show the seller for a product, by default the first one, and
   * a key version, by default the newest. Throws a `TypeError` for one that does not exist.
   */
  publicKeyPem(productCode?: string, version?: number): string
}

/**
 * Creates an AWS Marketplace Metering Service for local work and tests: the same four operations over
 * the same wire, and a control API under `/_emulator/`. Signatures must be complete and in time, but are not
 * verified. It must never be
 * reachable from other machines, because anyone who reaches it can steer it.
 */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const machine = createSystemClock()
  const base = options.clock ?? machine
  const clock = new EmulatorClock(base, { rate: options.rate, startAt: options.startAt })
  const products = [...(options.products ?? [demoProduct])]
  const customers = [
    ...(options.customers ?? products.slice(0, 1).map((p) => demoCustomer(p.productCode))),
  ]
  const randomUuid = options.randomUuid ?? randomUUID
  const closing = new AbortController()
  const startSettings = () => ({ ...defaultSettings(options.region), ...options.settings })
  const metering: Metering = {
    clock,
    state: new MeteringState(),
    settings: startSettings(),
    products,
    buyers: options.buyers ?? [],
    tasks: options.tasks ?? [],
    customers,
    keys: await createProductKeys(products, options.signingKey),
    randomUuid,
  }
  const calls = new CallLog()
  const faults = new FaultScript(options.faults)
  const quotas = new Quotas(clock)
  const app = createApp(clock, randomUuid, options.requestTimeoutMs)
  addServiceRoute(app, {
    metering,
    faults,
    calls,
    quotas,
    signingTimes: () => ({
      now: [clock.now(), machine.now()],
      toleranceMs: signatureToleranceMs * Math.max(1, clock.rate),
    }),
    delayClock: base,
    closing: closing.signal,
    log: options.log ?? (() => {}),
  })
  addControlRoutes(app, { metering, clock, faults, calls, quotas, startSettings })
  addWorldRoutes(app, {
    metering,
    products,
    customers,
    keys: metering.keys,
    delayClock: base,
    closing: closing.signal,
  })
  return {
    clock,
    listen: (port, host = '127.0.0.1', option = '--port') => listen(app, port, host, option),
    close: async () => {
      closing.abort()
      await app.close()
    },
    publicKeyPem: (productCode, version) => {
      const key = findKey(metering, productCode, version)
      if (key !== undefined) return key.publicKeyPem
      throw new TypeError(`no product ${productCode} with a key of version ${version}`)
    },
  }
}

/** For the service and its control API together: more than any test needs, and less than a machine has. */
const maxConnections = 1024

function createApp(
  clock: Clock,
  randomUuid: () => string,
  requestTimeoutMs = 30_000,
): FastifyInstance {
  const app = fastify({
    bodyLimit: awsLimits.requestBytes,
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1000 },
  })
  app.server.maxConnections = maxConnections
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('date', toHttpDate(clock.now())).header('x-amzn-requestid', randomUuid())
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({
      message:
        'The emulated AWS has only POST / and /_emulator/; docs/reference/emulator.md describes them.',
    }),
  )
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const name =
      error.statusCode === 413
        ? 'RequestEntityTooLargeException'
        : error.statusCode === undefined || error.statusCode >= 500
          ? 'InternalFailure'
          : 'SerializationException'
    const { status, body } = encodeFailure({ name, message: messageOf(error) })
    return sendBody(reply.code(status), body)
  })
  return app
}

function addServiceRoute(app: FastifyInstance, parts: CallParts): void {
  app.post('/', async (request, reply) => {
    const answer = await answerCall(parts, {
      target: single(request.headers['x-amz-target']),
      contentType: request.headers['content-type'],
      headers: request.headers,
      body: typeof request.body === 'string' ? request.body : '',
    })
    if (answer === undefined) {
      reply.hijack()
      request.raw.socket.destroy()
      return reply
    }
    return sendBody(reply.code(answer.status), answer.body)
  })
}

/** Bytes, because fastify adds a charset to the content type of texts, and AWS has none. */
function sendBody(reply: FastifyReply, body: string): FastifyReply {
  return reply.type(contentType).send(Buffer.from(body))
}

async function listen(
  app: FastifyInstance,
  port: number,
  host: string,
  option: string,
): Promise<{ readonly url: string; readonly port: number }> {
  try {
    const url = await app.listen({ port, host })
    const address = app.server.address()
    return { url, port: typeof address === 'object' && address !== null ? address.port : port }
  } catch (error) {
    throw new SidecarError(
      'ListenFailed',
      `The emulator cannot listen on ${host}:${port}: ${messageOf(error)}. Stop the program that uses the port, or choose another port with ${option}.`,
      { cause: error },
    )
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}
