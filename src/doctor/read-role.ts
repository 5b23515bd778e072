import { isIP } from 'node:net'
import { messageOf } from '../kernel/errors.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { metadataHttp } from '../platform/metadata-http.ts'
import type { Machine } from './machine.ts'

const ecsHost = 'http://169.254.170.2'

/** The ARN of a role; undefined where the endpoint gives credentials but names no role. */
type TaskRole = string | undefined

/**
 * Asks the credentials endpoint of ECS which role it serves. Of the answer it keeps only the
 * name of the role. Undefined when the environment names no endpoint that may be asked.
 */
export async function readTaskRole(
  { env, credentialsHost = ecsHost }: Machine,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Result<TaskRole, string> | undefined> {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? ''
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? ''
  const url = relative === '' ? full : `${credentialsHost}${relative}`
  if (!isOfThisMachine(url)) return undefined
  const token = env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? ''
  const headers: Record<string, string> = token === '' ? {} : { authorization: token }
  try {
    return parse(await metadataHttp({ url, headers, timeoutMs, signal }))
  } catch (error) {
    // A SyntaxError quotes the text, which may hold the secret.
    return fail(error instanceof SyntaxError ? 'its answer is not JSON' : messageOf(error))
  }
}

/** The request carries a token, so only loopback and link-local addresses are asked, as by the SDK. */
function isOfThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  const local = hostname === 'localhost' || hostname === '[::1]'
  const known = isIP(hostname) === 4 && /^(127|169\.254)\./.test(hostname)
  return protocol === 'http:' && (local || known)
}

function parse(text: string): Result<TaskRole, string> {
  const document: unknown = JSON.parse(text)
  if (typeof document !== 'object' || document === null || !('AccessKeyId' in document))
    return fail('its answer holds no credentials')
  const arn = 'RoleArn' in document ? document.RoleArn : undefined
  return succeed(typeof arn === 'string' && arn !== '' ? arn : undefined)
}
