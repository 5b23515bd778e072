import type { IncomingHttpHeaders } from 'node:http'

/** Where SDKs put the id that they keep through all attempts of one call. PHP has its own name for it. */
const invocationHeaders = ['amz-sdk-invocation-id', 'aws-sdk-invocation-id'] as const

/** Every SDK that has one makes a UUID; anything else may be the same for calls that are not. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Returns the idempotency key of a MeterUsage call, by which a repeat of it is known: its ClientToken, else
 * the SDK's invocation id; undefined where it has neither. Keys of POST /v1/usage have no space, so these
 * never equal one of them.
 */
export function repeatKeyOf(
  clientToken: string | undefined,
  headers: IncomingHttpHeaders,
): string | undefined {
  if (clientToken !== undefined) {
    // As UTF-8, all halves of characters would be one.
    const token = clientToken.isWellFormed() ? clientToken : JSON.stringify(clientToken)
    return `ClientToken ${token}`
  }
  const id = invocationHeaders
    .map((name) => headers[name])
    .find((value) => typeof value === 'string' && uuid.test(value))
  return id === undefined ? undefined : `Invocation ${String(id)}`
}
