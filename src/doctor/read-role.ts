import { isIP } from 'node:net'
import { messageOf } from '../kernel/errors.ts'
import { metadataHttp } from '../platform/metadata-http.ts'
import type { Machine } from './diagnosis.ts'

export type RoleAnswer =
  /** The ARN, or undefined when the endpoint has credentials but names no role. */
  | { readonly ok: true; readonly arn: string | undefined }
  | { readonly ok: false; readonly problem: string }

const ecsHost = 'http://169.254.170.2'

/**
 * Asks the credentials endpoint of ECS whose credentials it gives. Of the answer nothing but the name of
 * the role is kept. Undefined when the environment names no endpoint that may be asked.
 */
export async function readTaskRole(
  { env, credentialsHost = ecsHost }: Machine,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RoleAnswer | undefined> {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? ''
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? ''
  const url = relative === '' ? full : `${credentialsHost}${relative}`
  if (!isOfThisMachine(url)) return undefined
  const token = env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? ''
  const headers: Record<string, string> = token === '' ? {} : { authorization: token }
  try {
    return parse(await metadataHttp({ url, headers, timeoutMs, signal }))
  } catch (error) {
    // A complaint about what is no JSON quotes it, and with it perhaps the secret.
    const problem = error instanceof SyntaxError ? 'its answer is no JSON' : messageOf(error)
    return { ok: false, problem }
  }
}

/** A token is sent along, so only loopback and link-local addresses are asked, as the SDK does it. */
function isOfThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  const local = hostname === 'localhost' || hostname === '[::1]'
  const known = isIP(hostname) === 4 && /^(127|169\.254)\./.test(hostname)
  return protocol === 'http:' && (local || known)
}

function parse(text: string): RoleAnswer {
  const document: unknown = JSON.parse(text)
  if (typeof document !== 'object' || document === null || !('AccessKeyId' in document))
    return { ok: false, problem: 'its answer holds no credentials' }
  const arn = 'RoleArn' in document ? document.RoleArn : undefined
  return { ok: true, arn: typeof arn === 'string' && arn !== '' ? arn : undefined }
}
