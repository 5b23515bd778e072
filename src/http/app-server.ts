import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { stopwatch } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { PostJson } from '../sources/source.ts'
import { addFastPath } from './listener/fast-path.ts'
import { checkOrigin, checkTarget, createTokenCheck } from './listener/defences.ts'
import {
  entitlementPath,
  entitlementRoute,
  type EntitlementRouteOptions,
} from './routes/entitlement-route.ts'
import { createPostJson } from './listener/post-json.ts'
import { openApiPath, openApiRoute } from './openapi/openapi-route.ts'
import type { CustomerDesk } from './routes/customers/customer-desk.ts'
import { customerRoutes } from './routes/customers/customers-route.ts'
import type { OperatorDesk } from './routes/operator/operator-desk.ts'
import { isOperatorPath, operatorRoutes } from './routes/operator/operator-route.ts'
import { proofRoute, type ProofRouteOptions } from './routes/proof-route.ts'
import { createServerBase, type ServerLimits } from './listener/server.ts'
import { statusPagePath, statusPageRoute } from './routes/status-page-route.ts'
import { recordsCsvRoute, type AcceptedRecords } from './routes/records-csv-route.ts'
import { usageViewRoute, type UsageViewOptions } from './routes/usage-view-route.ts'

export interface AppServerOptions extends EntitlementRouteOptions {
  readonly limits: ServerLimits
  readonly events: Events
  readonly log: Log
  readonly usage: UsageViewOptions
  readonly accepted: AcceptedRecords
  /** The version of the program, for the OpenAPI document. */
  readonly version: string
  /** What the application must send as a bearer token; undefined admits every local process. */
  readonly apiToken: string | undefined
  /** What operators must send instead; undefined where their routes are closed. */
  readonly operatorToken: string | undefined
  readonly proof: ProofRouteOptions
  /** Undefined where the product has no customers. */
  readonly customers: CustomerDesk | undefined
  /** Undefined where `operatorToken` is. */
  readonly operators: OperatorDesk | undefined
  /** Called for every POST, so that the shutdown can wait until the application is quiet. */
  readonly onUsageRequest: () => void
}

interface AppServer {
  readonly app: FastifyInstance
  readonly postJson: PostJson
}

/** Builds the listener for the application, on loopback only. Sources add their routes; it does not listen yet. */
export function createAppServer(options: AppServerOptions): AppServer {
  const { limits, events, log, apiToken, onUsageRequest } = options
  const app = createServerBase(limits, events, log)
  const checkToken = tokenCheckOf(apiToken, 'SIDECAR_API_TOKEN_FILE')
  const checkOperator = tokenCheckOf(options.operatorToken, 'SIDECAR_OPERATOR_TOKEN_FILE')

  const check = (headers: IncomingHttpHeaders) => {
    checkOrigin(headers)
    checkToken(headers)
  }

  app.addHook('onRequest', (request, _reply, done) => {
    checkTarget(request.raw.url ?? '/')
    if (needsNoToken(request)) checkOrigin(request.headers)
    else if (isOperatorPath(request.routeOptions.url)) {
      checkOrigin(request.headers)
      checkOperator(request.headers)
    } else check(request.headers)
    if (request.method === 'POST') onUsageRequest()
    done()
  })
  const answerEntitlement = entitlementRoute(app, options)
  addFastPath(app, ({ method, url, headers }, response) => {
    if (method !== 'GET' || url !== entitlementPath || !passes(check, headers)) return false
    const elapsed = stopwatch()
    const status = answerEntitlement(response)
    events.emit('httpAnswered', { route: entitlementPath, method, status, seconds: elapsed() })
    return true
  })
  proofRoute(app, options.proof)
  usageViewRoute(app, options.usage)
  recordsCsvRoute(app, options.accepted)
  customerRoutes(app, options.customers)
  operatorRoutes(app, { operators: options.operators, acceptedUntil: options.usage.acceptedUntil })
  statusPageRoute(app)
  openApiRoute(app, options.version)
  const { bodyLimitBytes } = limits
  const accepts = (headers: IncomingHttpHeaders) => passes(check, headers)
  const shortcut = { accepts, onRequest: onUsageRequest, bodyLimitBytes, events, log }
  return { app, postJson: createPostJson(app, shortcut) }
}

/** Without a token every local process passes. */
function tokenCheckOf(
  token: string | undefined,
  setting: Parameters<typeof createTokenCheck>[1],
): (headers: IncomingHttpHeaders) => void {
  return token === undefined ? () => {} : createTokenCheck(token, setting)
}

/** These documents hold no data. A browser must get the page that asks for the token. */
function needsNoToken({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return method !== 'POST' && (url === statusPagePath || url === openApiPath)
}

/** Reports whether a check accepts a request. The route answers a request that fails with the reason. */
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
