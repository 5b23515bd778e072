import type { FastifyInstance } from 'fastify'
import { toIso } from '../clock.ts'
import type { EntitlementSnapshot } from '../entitlement/entitlement-state.ts'
import { RequestError } from './request-error.ts'

export interface EntitlementView {
  snapshot(): EntitlementSnapshot
  wait(ms: number, signal?: AbortSignal): Promise<EntitlementSnapshot>
  onChange(listener: (snapshot: EntitlementSnapshot) => void): () => void
}

export interface EntitlementRouteOptions {
  readonly entitlement: EntitlementView
  readonly productCode: string
  readonly route: string
  /** Undefined when no source knew it. */
  readonly region: string | undefined
  /** Ends every waiting request, when the sidecar shuts down. */
  readonly signal: AbortSignal
}

export const maxWaitSeconds = 300

interface Prepared {
  readonly status: 200 | 403 | 503
  readonly body: Buffer
  readonly retryAfter: string | undefined
}

/**
 * `GET /v1/entitlement`: 200 entitled, 403 denied, 503 with Retry-After while AWS has not answered.
 * `?wait=30` holds the answer up to that many seconds. The answer is prepared when the state changes.
 */
export function entitlementRoute(app: FastifyInstance, options: EntitlementRouteOptions): void {
  const { entitlement, signal } = options
  const prepare = (snapshot: EntitlementSnapshot) => preparedOf(snapshot, options)
  let prepared = prepare(entitlement.snapshot())
  entitlement.onChange((snapshot) => {
    prepared = prepare(snapshot)
  })

  app.get('/v1/entitlement', async (request, reply) => {
    const { wait } = request.query as { wait?: unknown }
    if (wait !== undefined) await entitlement.wait(waitMs(wait), signal)
    if (prepared.retryAfter !== undefined) reply.header('retry-after', prepared.retryAfter)
    return reply
      .code(prepared.status)
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(prepared.body)
  })
}

function preparedOf(
  { entitled, state, code, message, since, retryAfterSeconds }: EntitlementSnapshot,
  {
    productCode,
    route,
    region = null,
  }: Omit<EntitlementRouteOptions, 'region'> & { region?: string | undefined | null },
): Prepared {
  const answer = { entitled, state, code, message, since: toIso(since), productCode, route, region }
  return {
    status: entitled ? 200 : state === 'denied' ? 403 : 503,
    body: Buffer.from(`${JSON.stringify(answer)}\n`),
    retryAfter: entitled || state === 'denied' ? undefined : String(retryAfterSeconds ?? 1),
  }
}

function waitMs(wait: unknown): number {
  const seconds = typeof wait === 'string' && /^\d{1,3}$/.test(wait) ? Number(wait) : Number.NaN
  if (!(seconds <= maxWaitSeconds))
    throw new RequestError(
      'InvalidRequest',
      `wait must be a whole number of seconds from 0 to ${maxWaitSeconds}.`,
    )
  return seconds * 1000
}
