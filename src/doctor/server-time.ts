import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { parseHttpDate } from '../kernel/text/http-date.ts'
import { lookupAmong } from './endpoint-host.ts'

/**
 * Reads the Date of a server at one of `addresses` with an unsigned GET, ms. Undefined when the answer
 * has none. Rejects when there is no answer.
 */
export function readServerTime(
  url: URL,
  addresses: readonly string[],
  ca: string | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent: false,
      signal,
      lookup: lookupAmong(addresses),
      ...(ca === undefined ? {} : { ca }),
    })
    outgoing.once('error', reject)
    outgoing.once('response', (answer) => {
      const { date } = answer.headers
      resolve(date === undefined ? undefined : parseHttpDate(date))
      answer.destroy()
    })
    outgoing.end()
  })
}
