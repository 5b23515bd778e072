import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export const requestIdHeader = 'x-request-id'

/**
 * Returns the id of a request in the log and in its answer: the caller's own, from `X-Request-Id` with
 * 1 to 128 visible ASCII characters, or a random one.
 */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[requestIdHeader]
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID()
}
