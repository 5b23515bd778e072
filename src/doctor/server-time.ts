import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { parseHttpDate } from '../aws/http-date.ts'

/**
 * The time that a server shows in its answer to an unsigned GET, ms; undefined when it shows none.
 * Rejects when there is no answer.
 */
export function readServerTime(
  url: URL,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, signal, ...(ca === undefined ? {} : { ca }) })
    outgoing.once('error', reject)
    outgoing.once('response', (answer) => {
      const { date } = answer.headers
      resolve(date === undefined ? undefined : parseHttpDate(date))
      answer.destroy()
    })
    outgoing.end()
  })
}
