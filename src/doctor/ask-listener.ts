import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { messageOf } from '../kernel/errors.ts'
import { systemCode } from './endpoint-host.ts'
import type { Diagnosis } from './diagnosis.ts'
import { timedOut } from '../kernel/with-deadline.ts'

export type ListenerAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** Nobody listens there. */
  | { readonly kind: 'free' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly code: string }

export interface ListenerRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Far more than a sidecar has to say; the memory limit is that of the sidecar beside us. */
const largestAnswerBytes = 16 * 1024 * 1024

/**
 * One request to a listener of this machine: past every proxy that the environment names, and whoever
 * answers sends it nowhere else. Never rejects.
 */
export async function askListener(
  diagnosis: Diagnosis,
  url: string,
  asked: ListenerRequest = {},
): Promise<ListenerAnswer> {
  try {
    const answer = await diagnosis.inTime((signal) => ask(url, asked, signal))
    return answer === timedOut ? { kind: 'silent' } : answer
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ECONNREFUSED') return { kind: 'free' }
    return { kind: 'unreachable', code: code === 'unknown' ? messageOf(error) : code }
  }
}

/** The same until `signal` is aborted; rejects when there is no answer. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body }: ListenerRequest,
  signal: AbortSignal,
): Promise<Extract<ListenerAnswer, { kind: 'answer' }>> {
  const outgoing = request(url, { method, headers: { ...headers }, agent: false, signal })
  // Below nobody waits for the errors that come after the answer has begun.
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
  return { kind: 'answer', status: response.statusCode ?? 0, text }
}
