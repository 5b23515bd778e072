import { createServer, type Server } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import { SidecarError, messageOf } from '../errors.ts'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'
import { problemContentType, problemOf, sendProblem, type ProblemCode } from './problem.ts'
import { problemOfError } from './request-error.ts'

export interface ServerLimits {
  readonly bodyLimitBytes: number
  readonly maxConnections: number
  /** For a whole request to arrive. */
  readonly requestTimeoutMs: number
}

/** A Fastify instance as both listeners want it: every error a problem, every answer told to the hooks. */
export function createServerBase(limits: ServerLimits, hooks: Hooks, log: Log): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.bodyLimitBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    trustProxy: false,
    exposeHeadRoutes: true,
    http: { maxHeaderSize: 16_384, connectionsCheckingInterval: 1000 },
    clientErrorHandler(error, socket) {
      const code = clientErrorCodes[error.code] ?? 'InvalidRequest'
      if (socket.writable) socket.end(rawProblem(code, error.message))
      else socket.destroy()
    },
  })
  app.server.maxConnections = limits.maxConnections
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOfError(error)
    if (problem.status === 500)
      log.error('http.failed', messageOf(error), { route: request.routeOptions.url, error })
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const methods = (['GET', 'POST'] as const).filter((method) =>
      app.hasRoute({ method, url: path }),
    )
    if (methods.length === 0)
      return sendProblem(
        reply,
        problemOf('NotFound', 'Look at the README for the paths there are.'),
      )
    reply.header('allow', methods.join(', '))
    return sendProblem(reply, problemOf('MethodNotAllowed', `Use ${methods.join(' or ')}.`))
  })
  app.addHook('onResponse', (request, reply, done) => {
    hooks.emit('httpAnswered', {
      route: request.routeOptions.url ?? 'unmatched',
      method: request.method,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    })
    done()
  })
  return app
}

const clientErrorCodes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'HeadersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
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
  close(): Promise<void>
}

/** Listens on `host`; where that is 127.0.0.1 also on ::1, if the machine has it, with the same port. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<Listening> {
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
  return {
    port: taken,
    async close() {
      const closed = twin && new Promise((resolve) => twin.close(resolve))
      twin?.closeIdleConnections()
      await app.close()
      await closed
    },
  }
}

/** Applications resolve localhost to ::1 first. A machine without IPv6, or another owner of the port, is no error. */
function listenOnIpv6(app: FastifyInstance, port: number): Promise<Server | undefined> {
  const twin = createServer({ requestTimeout: app.server.requestTimeout }, (request, response) =>
    app.routing(request, response),
  )
  twin.maxConnections = app.server.maxConnections
  twin.keepAliveTimeout = app.server.keepAliveTimeout
  return new Promise((resolve) => {
    twin.once('error', () => resolve(undefined))
    twin.listen({ host: '::1', port }, () => resolve(twin))
  })
}
