import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import { isLoopback } from '../kernel/text/is-loopback.ts'
import { parseHttpDate } from '../kernel/text/http-date.ts'
import { fail } from '../kernel/result.ts'
import { withDeadline } from '../kernel/with-deadline.ts'
import type { OperationName } from '../protocol/operations.ts'
import type { AwsClock } from './aws-clock.ts'
import { classifyError } from './classify-error.ts'
import type { MeteringResult } from './metering-api.ts'
import { AwsError, type AwsAnswer } from './wire/read-answer.ts'
import type { SignedPost, Trace } from './wire/signed-post.ts'

export interface CallerOptions {
  /** How long AWS may take to answer, ms. */
  readonly timeoutMs: number
  readonly events: Events
  /** Where calls go, if not to the region's own endpoint. */
  readonly endpoint?: string | undefined
  /** Of the hours. */
  readonly clock: Pick<Clock, 'now'>
  /** The machine's. */
  readonly timers: Clock
  /** Learns AWS's time from its answers. */
  readonly awsClock?: Pick<AwsClock, 'learn' | 'elapsed' | 'now'> | undefined
}

/**
 * Returns the function that makes every call: one attempt, with a deadline, a classified failure and
 * an `awsCalled` event. `read` turns AWS's answer into the result; `agreement` is the name of an error
 * that is a success of this call.
 */
export function createCaller(
  { events, clock, timers, awsClock, timeoutMs, endpoint }: CallerOptions,
  post: SignedPost,
) {
  const isLocal = endpoint !== undefined && isLoopback(new URL(endpoint).hostname)
  return async function call<T>(
    operation: OperationName,
    body: string,
    read: (answer: AwsAnswer) => MeteringResult<T>,
    agreement?: string,
  ): Promise<MeteringResult<T>> {
    const trace: Trace = { sent: false, date: undefined, requestId: undefined }
    const started = performance.now()
    const startedAt = awsClock?.elapsed() ?? 0
    // The request's own timeouts know neither a credentials service that hangs nor a body that never ends.
    const result = await withDeadline(timers, 2 * timeoutMs, (abortSignal) =>
      post(operation, body, { abortSignal, trace }),
    )
      .then((answer) => {
        if (answer.ok) return answer.value
        throw Object.assign(new Error(noAnswer(2 * timeoutMs)), { name: 'TimeoutError' })
      })
      .catch((error: unknown) => {
        if (error instanceof AwsError && error.name === agreement)
          return { text: '{}', members: {}, isOfProtocol: error.isOfProtocol, type: undefined }
        throw error
      })
      .then(read)
      .catch((error: unknown): MeteringResult<T> =>
        fail({
          ...classifyError(error, operation, { sent: trace.sent, isLocal }),
          requestId: trace.requestId,
        }),
      )
    const serverTime = trace.date === undefined ? undefined : parseHttpDate(trace.date)
    // An answer without an id of AWS is that of a proxy.
    if (serverTime !== undefined && trace.requestId !== undefined)
      awsClock?.learn(serverTime, startedAt)
    events.emit('awsCalled', {
      operation,
      outcome: result.ok ? 'ok' : result.failure.kind,
      seconds: (performance.now() - started) / 1000,
      clockSkewSeconds: serverTime === undefined ? undefined : (serverTime - clock.now()) / 1000,
      requestId: trace.requestId,
    })
    return result
  }
}

function noAnswer(ms: number): string {
  return `there was no whole answer within ${ms / 1000} seconds`
}
