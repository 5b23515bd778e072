import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { toIso } from '../../kernel/clock.ts'
import type { EntitlementSnapshot } from '../../entitlement/entitlement-state.ts'
import type { EntitlementAnswer } from './answers.ts'
import { SidecarError } from '../../kernel/errors.ts'

interface EntitlementView {
  snapshot(): EntitlementSnapshot
  wait(ms: number, signal?: AbortSignal): Promise<EntitlementSnapshot>
  onChange(listener: (snapshot: EntitlementSnapshot) => void): () => void
}

export interface EntitlementRouteOptions {
  readonly entitlement: EntitlementView
  readonly productCode: string
  readonly route: string
  /** Undefined when no source names it. */
  readonly region: string | undefined
  /** Ends every waiting request when the sidecar shuts down. */
  readonly signal: AbortSignal
}

export const maxWaitSeconds = 300

/** Requests that may wait at once. Another one gets the answer of the moment. */
export const mostHolding = 256

export const entitlementPath = '/v1/entitlement'

interface Prepared {
  readonly status: 200 | 403 | 503
  readonly headers: OutgoingHttpHeaders
  /** A string, because Node writes it together with the headers. Bytes would need a second write. */
  readonly body: string
}

/**
 * `GET /v1/entitlement`: 200 entitled, or within the grace time; 403 denied; 503 while AWS has not
 * answered, with a Retry-After until the next call of AWS. `?wait=30` holds the answer for up to that many
 * seconds, until the client is gone. The answer is prepared when the state changes.
 *
 * Returns a function that sends the current answer without the route and returns its status.
 */
export function entitlementRoute(
  app: FastifyInstance,
  options: EntitlementRouteOptions,
): (response: ServerResponse) => number {
  const { entitlement, signal } = options
  const prepare = (snapshot: EntitlementSnapshot) => preparedOf(snapshot, options)
  let prepared = prepare(entitlement.snapshot())
  entitlement.onChange((snapshot) => {
    prepared = prepare(snapshot)
  })

  const headersNow = (): OutgoingHttpHeaders => {
    if (prepared.status !== 503) return prepared.headers
    const { retryAfterSeconds = 1 } = entitlement.snapshot()
    return { ...prepared.headers, 'retry-after': `${retryAfterSeconds}` }
  }

  let holding = 0
  async function hold(ms: number, response: ServerResponse): Promise<void> {
    if (holding >= mostHolding) return
    holding += 1
    const gone = new AbortController()
    const leave = () => gone.abort()
    const { socket } = response
    response.once('close', leave)
    // A client that sends nothing more may be gone, or wait for its answer: it gets that of the moment.
    socket?.once('end', leave)
    try {
      await entitlement.wait(ms, AbortSignal.any([signal, gone.signal]))
    } finally {
      socket?.off('end', leave)
      holding -= 1
    }
  }

  app.get(entitlementPath, async (request, reply) => {
    const { wait } = request.query as { wait?: unknown }
    if (wait !== undefined) await hold(waitMs(wait), reply.raw)
    return reply.code(prepared.status).headers(headersNow()).send(prepared.body)
  })

  return (response) => {
    const { status, body } = prepared
    response.writeHead(status, headersNow()).end(body)
    return status
  }
}

function preparedOf(
  snapshot: EntitlementSnapshot,
  { productCode, route, region }: EntitlementRouteOptions,
): Prepared {
  const { entitled, state, code, message, since, publicKeyRotationAt, transitions } = snapshot
  const answer: EntitlementAnswer = {
    entitled,
    state,
    code,
    message,
    since: toIso(since),
    productCode,
    route,
    region: region ?? null,
    publicKeyRotationAt: publicKeyRotationAt === undefined ? null : toIso(publicKeyRotationAt),
    transitions: transitions.map((each) => ({ ...each, at: toIso(each.at) })),
  }
  const body = `${JSON.stringify(answer)}\n`
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  }
  return { status: entitled ? 200 : state === 'denied' ? 403 : 503, headers, body }
}

function waitMs(wait: unknown): number {
  const seconds = typeof wait === 'string' && /^\d{1,3}$/.test(wait) ? Number(wait) : Number.NaN
  if (!(seconds <= maxWaitSeconds))
    throw new SidecarError(
      'InvalidRequest',
      `wait must be a whole number of seconds from 0 to ${maxWaitSeconds}.`,
    )
  return seconds * 1000
}
