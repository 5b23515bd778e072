import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { stopwatch } from '../clock.ts'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'
import { awsFront, type FrontHandlers } from './aws-front.ts'
import { answerFirst } from './answer-first.ts'
import { checkOrigin, createTokenCheck } from './defences.ts'
import {
  entitlementPath,
  entitlementRoute,
  type EntitlementRouteOptions,
} from './entitlement-route.ts'
import { proofRoute, type ProofRouteOptions } from './proof-route.ts'
import { createServerBase, type ServerLimits } from './server.ts'
import { usageRoutes, type UsageBook } from './usage-routes.ts'

export interface AppServerOptions extends EntitlementRouteOptions {
  readonly limits: ServerLimits
  readonly hooks: Hooks
  readonly log: Log
  readonly book: UsageBook
  readonly dimensions: ReadonlySet<string>
  /** What the application must send as a bearer token; undefined lets every local process in. */
  readonly apiToken: string | undefined
  readonly proof: ProofRouteOptions
  /** What AWS's protocol at `POST /` does. */
  readonly front: FrontHandlers
  /** Told of every request for the usage routes, so that the end can wait for a quiet application. */
  readonly onUsageRequest: () => void
}

/** The listener for the application, on loopback only. Not listening yet. */
export function createAppServer(options: AppServerOptions): FastifyInstance {
  const { limits, hooks, log, book, dimensions, apiToken, onUsageRequest } = options
  const app = createServerBase(limits, hooks, log)
  const checkToken = apiToken === undefined ? () => {} : createTokenCheck(apiToken)

  const check = (headers: IncomingHttpHeaders) => {
    checkOrigin(headers)
    checkToken(headers)
  }

  app.addHook('onRequest', (request, _reply, done) => {
    check(request.headers)
    if (request.method === 'POST') onUsageRequest()
    done()
  })
  acceptCurlBodies(app)
  const answerEntitlement = entitlementRoute(app, options)
  answerFirst(app, ({ method, url, headers }, response) => {
    if (method !== 'GET' || url !== entitlementPath || !passes(check, headers)) return false
    const elapsed = stopwatch()
    const status = answerEntitlement(response)
    hooks.emit('httpAnswered', { route: entitlementPath, method, status, seconds: elapsed() })
    return true
  })
  proofRoute(app, options.proof)
  usageRoutes(app, { book, hooks, dimensions })
  awsFront(app, { handlers: options.front, region: options.region, dimensions, hooks, log })
  return app
}

/** Whether a check lets a request pass; the route says what was wrong with one that does not. */
function passes(
  check: (headers: IncomingHttpHeaders) => void,
  headers: IncomingHttpHeaders,
): boolean {
  try {
    check(headers)
    return true
  } catch {
    return false
  }
}

/** `curl -d` says that its body is a form. It is JSON all the same, or it is refused as bad JSON. */
function acceptCurlBodies(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
}
