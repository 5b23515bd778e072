import { messageOf } from '../errors.ts'
import { systemCode } from './endpoint-host.ts'
import type { Examination } from './examination.ts'
import { timedOut } from './within.ts'

export type ListenerAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** Nobody listens there. */
  | { readonly kind: 'free' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly code: string }

/** One request to a listener of this machine. Never rejects. */
export async function askListener(
  examination: Examination,
  url: string,
  init: RequestInit = {},
): Promise<ListenerAnswer> {
  try {
    const answer = await examination.inTime(async (signal) => {
      const response = await fetch(url, { ...init, signal })
      return { kind: 'answer', status: response.status, text: await response.text() } as const
    })
    return answer === timedOut ? { kind: 'silent' } : answer
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    const code = systemCode(firstOf(cause))
    if (code === 'ECONNREFUSED') return { kind: 'free' }
    return { kind: 'unreachable', code: code === 'unknown' ? messageOf(cause ?? error) : code }
  }
}

/** An attempt on several addresses fails with all their errors. */
function firstOf(cause: unknown): unknown {
  return cause instanceof AggregateError ? cause.errors[0] : cause
}
