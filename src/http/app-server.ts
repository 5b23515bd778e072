import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { stopwatch } from '../clock.ts'
import type { Dimension } from '../config/product.ts'
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
import { openApiPath, openApiRoute } from './openapi-route.ts'
import { proofRoute, type ProofRouteOptions } from './proof-route.ts'
import { createRefusalTeller } from './refused-usage.ts'
import { createServerBase, type ServerLimits } from './server.ts'
import { statusPagePath, statusPageRoute } from './status-page-route.ts'
import { usageRoutes, type UsageBook, type UsageRoutesOptions } from './usage-routes.ts'

export interface AppServerOptions extends EntitlementRouteOptions {
  readonly limits: ServerLimits
  readonly hooks: Hooks
  readonly log: Log
  readonly book: UsageBook
  readonly dimensions: readonly Dimension[]
  readonly nextSendAt: UsageRoutesOptions['nextSendAt']
  /** The program's, for the OpenAPI document. */
  readonly version: string
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
  const { limits, hooks, log, apiToken, onUsageRequest } = options
  const app = createServerBase(limits, hooks, log)
  const checkToken = apiToken === undefined ? () => {} : createTokenCheck(apiToken)

  const check = (headers: IncomingHttpHeaders) => {
    checkOrigin(headers)
    checkToken(headers)
  }

  app.addHook('onRequest', (request, _reply, done) => {
    if (needsNoToken(request)) checkOrigin(request.headers)
    else check(request.headers)
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
  const dimensions = new Set(options.dimensions.map(({ name }) => name))
  const tellRefused = createRefusalTeller(hooks, dimensions)
  usageRoutes(app, { ...options, tellRefused })
  statusPageRoute(app)
  openApiRoute(app, options.version)
  awsFront(app, { handlers: options.front, region: options.region, tellRefused, log })
  return app
}

/** Documents that are the same for everybody, so that a browser can show the page that asks for the token. */
function needsNoToken({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return method !== 'POST' && (url === statusPagePath || url === openApiPath)
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
