import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { atMost, type Clock } from '../../kernel/clock.ts'
import { SidecarError, messageOf, type ProblemCode } from '../../kernel/errors.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import { problemContentType, problemOf, sendProblem } from './problem.ts'
import { problemOfError } from './problem-of-error.ts'
import { requestIdOf } from './request-id.ts'

export interface ServerLimits {
  readonly bodyLimitBytes: number
  readonly maxConnections: number
  /** For a whole request to arrive. */
  readonly requestTimeoutMs: number
}

const httpOptions = {
  maxHeaderSize: 16_384,
  connectionsCheckingInterval: 1000,
  // A request without Host is refused by us, with a code, instead of by Node without one.
  requireHostHeader: false,
}

/** A Fastify instance as both listeners want it: every error a problem, every answer told to the events. */
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
    http: httpOptions,
    clientErrorHandler: answerUnreadable,
    genReqId: requestIdOf,
  })
  app.server.maxConnections = limits.maxConnections
  app.setErrorHandler((error, request, reply) => {
    // What Fastify finds wrong with a body that nobody would have read.
    if (request.is404 && !(error instanceof SidecarError)) return sendNotFound(app, request, reply)
    const problem = problemOfError(error)
    if (problem.status === 500)
      log('http.failed', messageOf(error), {
        route: request.routeOptions.url,
        requestId: request.id,
        error,
      })
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => sendNotFound(app, request, reply))
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  app.addHook('onRequest', (_request, _reply, done) => {
    if (closing) throw new SidecarError('ShuttingDown', 'Nothing of this request was recorded.')
    done()
  })
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

function sendNotFound(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? ''
  const methods = (['GET', 'POST'] as const).filter((method) => app.hasRoute({ method, url: path }))
  if (methods.length === 0)
    return sendProblem(reply, problemOf('NotFound', 'Look at the README for the paths there are.'))
  reply.header('allow', methods.join(', '))
  return sendProblem(reply, problemOf('MethodNotAllowed', `Use ${methods.join(' or ')}.`))
}

const clientErrorCodes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'HeadersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
}

/** Answers what could not be read as a request, so that it never became one. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  const code = clientErrorCodes[error.code ?? ''] ?? 'InvalidRequest'
  if (socket.writable) socket.end(rawProblem(code, error.message))
  else socket.destroy()
}

function rawProblem(code: ProblemCode, detail: string): string {
  const problem = problemOf(code, detail)
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${problemContentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

export interface Listening {
  /** The port that was really taken. */
  readonly port: number
  /** Takes no more requests; those that have begun to arrive have a second to end. */
  close(): Promise<void>
}

/** Node no longer counts a request's time once its server closes: a client that stalls would hold up the end. */
const closeGraceMs = 1000

/**
 * Listens on `host`; where that is 127.0.0.1 also on ::1, if the machine has it, with the same port.
 * `timers` is real time.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  timers: Clock,
): Promise<Listening> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    throw new SidecarError(
      'ListenFailed',
      `Cannot listen on ${host}:${port} (${messageOf(cause)}). Stop what uses the port, or choose another one.`,
      { cause },
    )
  }
  const address = app.server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  const twin = host === '127.0.0.1' ? await listenOnIpv6(app, taken) : undefined
  const servers: readonly Server[] = twin === undefined ? [app.server] : [app.server, twin]
  return {
    port: taken,
    async close() {
      const twinClosed = twin && new Promise((resolve) => twin.close(resolve))
      const closed = Promise.all([app.close(), twinClosed])
      for (const server of servers) server.closeIdleConnections()
      await atMost(timers, closeGraceMs, closed)
      for (const server of servers) server.closeAllConnections()
      await closed
    },
  }
}

/** Applications resolve localhost to ::1 first. A machine without IPv6, or another owner of the port, is no error. */
function listenOnIpv6(app: FastifyInstance, port: number): Promise<Server | undefined> {
  const { requestTimeout, keepAliveTimeout, maxConnections } = app.server
  const twin = createServer(
    { ...httpOptions, requestTimeout, keepAliveTimeout },
    (request, response) => app.server.emit('request', request, response),
  )
  twin.maxConnections = maxConnections
  twin.on('clientError', answerUnreadable)
  return new Promise((resolve) => {
    twin.once('error', () => resolve(undefined))
    twin.listen({ host: '::1', port }, () => resolve(twin))
  })
}
