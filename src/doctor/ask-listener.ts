import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { messageOf } from '../kernel/errors.ts'
import { systemCode } from './endpoint-host.ts'
import type { Diagnosis } from './diagnosis.ts'
import { fail, type Result } from '../kernel/result.ts'

export interface ListenerAnswer {
  readonly status: number
  readonly text: string
}

export type ListenerFailure =
  /** Nothing listens there. */
  | { readonly kind: 'free' }
  /** It did not answer in time. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly code: string }

interface ListenerRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Far more than a sidecar sends. The doctor shares the memory limit of the sidecar's container. */
const largestAnswerBytes = 16 * 1024 * 1024

/**
 * Sends one request to a listener of this machine. It bypasses every proxy that the environment names,
 * and follows no redirect. Never rejects.
 */
export async function askListener(
  diagnosis: Diagnosis,
  url: string,
  asked: ListenerRequest = {},
): Promise<Result<ListenerAnswer, ListenerFailure>> {
  try {
    const answer = await diagnosis.inTime((signal) => ask(url, asked, signal))
    return answer.ok ? answer : fail({ kind: 'silent' })
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ECONNREFUSED') return fail({ kind: 'free' })
    return fail({ kind: 'unreachable', code: code === 'unknown' ? messageOf(error) : code })
  }
}

/** Does the same until `signal` is aborted. Rejects when there is no answer. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body }: ListenerRequest,
  signal: AbortSignal,
): Promise<ListenerAnswer> {
  const outgoing = request(url, { method, headers: { ...headers }, agent: false, signal })
  // After the answer has begun, no code below listens for this error.
  outgoing.on('error', () => {})
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > largestAnswerBytes) throw new Error('an answer above 16 MiB')
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return { status: response.statusCode ?? 0, text }
}
