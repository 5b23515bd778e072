import type { CustomersAnswer, EntitlementAnswer, UsageAnswer } from '../src/http/routes/answers.ts'

const timeoutMs = 10_000

export interface State {
  readonly entitlement: EntitlementAnswer
  readonly usage: UsageAnswer
  /** The first page; undefined where the product has no customers. */
  readonly customers: CustomersAnswer | undefined
}

/** The sidecar requires a token, or another one. */
export class TokenNeeded extends Error {}

/** Asks the sidecar for everything that the page shows. */
export async function fetchState(token: string | undefined): Promise<State> {
  const [entitlement, usage] = await Promise.all([
    get<EntitlementAnswer>('/v1/entitlement', token),
    get<UsageAnswer>('/v1/usage', token),
  ])
  const customers =
    entitlement.route === 'saas' ? await get<CustomersAnswer>('/v1/customers', token) : undefined
  return { entitlement, usage, customers }
}

/** 403 and 503 also answer about the entitlement. The media type distinguishes them from errors. */
async function get<T>(path: string, token: string | undefined): Promise<T> {
  const response = await fetch(path, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status === 401) throw new TokenNeeded('a token is needed')
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('application/json')) return (await response.json()) as T
  if (!type.startsWith('application/problem+json')) throw new Error(`HTTP ${response.status}`)
  const { code, detail } = (await response.json()) as { code: string; detail: string }
  throw new Error(`${code}: ${detail}`)
}
