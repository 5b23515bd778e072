import { createServer, type Server } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { atMost, type Clock } from '../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import { contentType, encodeFailure } from '../../protocol/codec.ts'
import { Connections, type ConnectionLimits } from './connections.ts'
import { problemOf, sendProblem } from './problem.ts'
import { problemOfError, problemToSend } from './problem-of-error.ts'
import { requestIdOf } from './request-id.ts'

export interface ServerLimits {
  readonly bodyLimitBytes: number
  /** How long a whole request may take to arrive. */
  readonly requestTimeoutMs: number
}

const httpOptions = {
  maxHeaderSize: 16_384,
  connectionsCheckingInterval: 1000,
  // A header that may come once, such as Host, is not read as its first one where it comes twice.
  joinDuplicateHeaders: true,
  // Our own check answers a request without Host with an error code. Node would refuse it without one.
  requireHostHeader: false,
  // Of a body that waits, one read is held: with Node's own 64 KiB it is two.
  highWaterMark: 16_384,
}

/**
 * Builds what both listeners share: every error is answered with a problem document, and every answer is
 * reported to `events`.
 */
export function createServerBase(limits: ServerLimits, events: Events, log: Log): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.bodyLimitBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    trustProxy: false,
    exposeHeadRoutes: true,
    return503OnClosing: false,
    // Node's own default for the headers is a minute, whatever the whole request may take.
    http: { ...httpOptions, headersTimeout: limits.requestTimeoutMs },
    // The key of a customer has up to 255 characters, each of which may be written as three.
    routerOptions: { maxParamLength: 765 },
    // Of the router, before it knows a route.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOfError(error)),
    genReqId: requestIdOf,
  })
  answerErrors(app, log)
  serveAnyExpectation(app.server)
  refuseWhileClosing(app)
  app.addHook('onResponse', (request, reply, done) => {
    events.emit('httpAnswered', {
      route: request.routeOptions.url ?? 'unmatched',
      method: request.method,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    })
    done()
  })
  return app
}

function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    // Fastify complains about the body, although the real problem is that the request has no route.
    if (request.is404 && !(error instanceof SidecarError)) return sendNotFound(app, request, reply)
    const where = { route: request.routeOptions.url, requestId: request.id }
    return sendProblem(reply, problemToSend(error, where, log))
  })
  app.setNotFoundHandler((request, reply) => sendNotFound(app, request, reply))
}

/** Node answers an `Expect` that it does not know with 417 and nothing else; it may as well be passed over. */
function serveAnyExpectation(server: Server): void {
  server.on('checkExpectation', (request, response) => {
    server.emit('request', request, response)
  })
}

function refuseWhileClosing(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  app.addHook('onRequest', (_request, _reply, done) => {
    if (closing) throw new SidecarError('ShuttingDown', 'No part of this request was recorded.')
    done()
  })
}

function sendNotFound(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? ''
  const methods = (['GET', 'POST', 'PUT', 'DELETE'] as const).filter((method) =>
    app.hasRoute({ method, url: path }),
  )
  if (methods.length === 0) {
    const isOfSdk = request.headers['x-amz-target'] !== undefined
    const why =
      otherListener(path, app) ??
      (isOfSdk
        ? 'An AWS SDK is served at the path / alone: leave the path out of its endpoint.'
        : 'There is no such path; docs/reference/http-api.md describes all of them.')
    return isOfSdk
      ? sendUnknownOperation(reply, why)
      : sendProblem(reply, problemOf('NotFound', why))
  }
  reply.header('allow', methods.join(', '))
  return sendProblem(reply, problemOf('MethodNotAllowed', `Use ${methods.join(' or ')}.`))
}

/** In AWS's form, because SDKs show no words of a problem. */
function sendUnknownOperation(reply: FastifyReply, message: string): FastifyReply {
  const { body } = encodeFailure({ name: 'UnknownOperationException', message })
  return reply
    .code(404)
    .header('content-type', contentType)
    .header('x-amzn-requestid', reply.request.id)
    .send(Buffer.from(body))
}

/** Says which of the two listeners has a path, where that is the other one: their ports are easily mixed up. */
function otherListener(path: string, app: FastifyInstance): string | undefined {
  const isOps = app.hasRoute({ method: 'GET', url: '/livez' })
  const [setting, port] = isOps ? ['SIDECAR_LISTEN', 7070] : ['SIDECAR_OPS_LISTEN', 9464]
  return (isOps ? /^\/(v1\/.*|openapi\.json)?$/ : /^\/(livez|readyz|metrics|prestop)$/).test(path)
    ? `This path belongs to the listener of ${setting} (port ${port} by default).`
    : undefined
}

export interface Address extends ConnectionLimits {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** What sets both, for messages. */
  readonly option: string
}

export interface Listening {
  /** The actual port, even if the system chose it. */
  readonly port: number
  /** Stops accepting requests. Those that have begun to arrive have a second to finish. */
  close(): Promise<void>
  /**
   * Has `next` answer every request from now on, on the same sockets: nothing is refused in between.
   * Closing what this resolves with closes both.
   */
  handOver(next: FastifyInstance): Promise<Listening>
}

/** Gives an application its sockets: `listen`, or those that another one hands over. */
export type Listen = (...args: Parameters<typeof listen>) => Promise<Listening>

/** A closing Node server no longer limits a request's time, so a stalled client would delay the shutdown. */
const closeGraceMs = 1000

/**
 * Listens on `host`. If that is 127.0.0.1, it also listens on the same port of ::1, where the machine has
 * that address; the limits count for both together. `timers` is real time. Rejects with ListenFailed.
 */
export async function listen(
  app: FastifyInstance,
  { host, port, option, ...limits }: Address,
  timers: Clock,
): Promise<Listening> {
  const answers = app.server.listeners('request')
  const connections = new Connections(limits, timers, (request, response) => {
    for (const answer of answers) answer.call(app.server, request, response)
  })
  connections.watch(app.server)
  try {
    await app.listen({ host, port })
  } catch (cause) {
    connections.end()
    throw new SidecarError(
      'ListenFailed',
      `Cannot listen on ${host}:${port} (${messageOf(cause)}). ${remedyFor(cause)} with ${option}.`,
      { cause },
    )
  }
  const address = app.server.address()
  const realPort = typeof address === 'object' && address !== null ? address.port : port
  const twin = host === '127.0.0.1' ? await listenOnIpv6(app, realPort, connections) : undefined
  const servers: readonly Server[] = twin === undefined ? [app.server] : [app.server, twin]
  let successor: FastifyInstance | undefined
  const listening: Listening = {
    port: realPort,
    async close() {
      const twinClosed = twin && new Promise((resolve) => twin.close(resolve))
      const closed = Promise.all([successor?.close(), app.close(), twinClosed])
      for (const server of servers) server.closeIdleConnections()
      await atMost(timers, closeGraceMs, closed)
      connections.end()
      await closed
    },
    async handOver(next) {
      await next.ready()
      successor = next
      connections.answer = (request, response) => {
        next.server.emit('request', request, response)
      }
      return listening
    },
  }
  return listening
}

/** What to do before the setting that does it. */
function remedyFor(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EADDRNOTAVAIL') return 'This machine does not have the address: choose another one'
  if (code === 'EACCES') return 'This user may not use the port: choose one above 1023'
  return 'Stop the program that uses the port, or choose another port'
}

/**
 * Listens on ::1, because applications resolve localhost to it first. A machine without IPv6, or a port
 * that is in use there, is not an error.
 */
function listenOnIpv6(
  app: FastifyInstance,
  port: number,
  connections: Connections,
): Promise<Server | undefined> {
  const { headersTimeout, requestTimeout, keepAliveTimeout } = app.server
  const twin = createServer({ ...httpOptions, headersTimeout, requestTimeout, keepAliveTimeout })
  connections.watch(twin)
  serveAnyExpectation(twin)
  return new Promise((resolve) => {
    twin.once('error', () => resolve(undefined))
    twin.listen({ host: '::1', port }, () => resolve(twin))
  })
}
