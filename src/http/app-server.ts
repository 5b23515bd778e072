import type { FastifyInstance } from 'fastify'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'
import { checkOrigin, createTokenCheck } from './defences.ts'
import { entitlementRoute, type EntitlementRouteOptions } from './entitlement-route.ts'
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
  /** Told of every request for the usage routes, so that the end can wait for a quiet application. */
  readonly onUsageRequest: () => void
}

/** The listener for the application, on loopback only. Not listening yet. */
export function createAppServer(options: AppServerOptions): FastifyInstance {
  const { limits, hooks, log, book, dimensions, apiToken, onUsageRequest } = options
  const app = createServerBase(limits, hooks, log)
  const checkToken = apiToken === undefined ? () => {} : createTokenCheck(apiToken)

  app.addHook('onRequest', (request, _reply, done) => {
    checkOrigin(request.headers)
    checkToken(request.headers)
    if (request.method === 'POST') onUsageRequest()
    done()
  })
  acceptCurlBodies(app)
  entitlementRoute(app, options)
  usageRoutes(app, { book, hooks, dimensions })
  return app
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
