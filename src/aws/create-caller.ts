import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import { parseHttpDate } from '../kernel/http-date.ts'
import { fail } from '../kernel/result.ts'
import type { AwsClock } from './aws-clock.ts'
import { classifyError } from './classify-error.ts'
import type { MeteringResult } from './metering-api.ts'

export interface CallerOptions {
  /** How long AWS may take to answer, ms. */
  readonly timeoutMs: number
  readonly events: Events
  /** The machine's. */
  readonly clock: Clock
  /** Learns AWS's time from its answers. */
  readonly awsClock?: Pick<AwsClock, 'learn' | 'elapsed'> | undefined
}

/** What is learned about one call on its way. */
interface Trace {
  /** The request was signed and handed to the network. */
  sent: boolean
  /** Headers of AWS's answer. */
  date: string | undefined
  requestId: string | undefined
}

/** Innermost of the SDK's steps: after it there is only the network. */
const innermost = { step: 'deserialize', priority: 'low', name: 'traceCall' } as const

/** A command of the SDK, as far as a trace needs it. */
interface Traceable {
  readonly middlewareStack: {
    add(middleware: ReturnType<typeof tracing>, options: typeof innermost): void
  }
}

/**
 * Returns the function that makes every call: one attempt, with a deadline, a classified failure and
 * an `awsCalled` event. `read` turns the SDK's output into the result.
 */
export function createCaller({ events, clock, awsClock, timeoutMs }: CallerOptions) {
  return async function call<Output, T>(
    operation: string,
    command: Traceable,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    read: (output: Output) => MeteringResult<T>,
  ): Promise<MeteringResult<T>> {
    const trace: Trace = { sent: false, date: undefined, requestId: undefined }
    command.middlewareStack.add(tracing(trace), innermost)
    const started = performance.now()
    const startedAt = awsClock?.elapsed() ?? 0
    // The request's own timeouts know neither a credentials service that hangs nor a body that never
    // ends. Once this signal has fired, the SDK's handler refuses to send.
    const abortSignal = AbortSignal.timeout(2 * timeoutMs)
    const result = await Promise.race([send({ abortSignal }), rejectOn(abortSignal)]).then(
      read,
      (error: unknown): MeteringResult<T> =>
        fail({ ...classifyError(error, operation, trace.sent), requestId: trace.requestId }),
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

/** Notes when a request leaves, and the time and the id in its answer. */
function tracing(trace: Trace) {
  return <A, R extends { readonly response: unknown }>(next: (args: A) => Promise<R>) =>
    async (args: A): Promise<R> => {
      trace.sent = true
      const result = await next(args)
      trace.date = headerOf(result.response, 'date')
      trace.requestId = headerOf(result.response, 'x-amzn-requestid')
      return result
    }
}

function headerOf(response: unknown, name: string): string | undefined {
  if (typeof response !== 'object' || response === null) return undefined
  const headers: unknown = Reflect.get(response, 'headers')
  const value: unknown =
    typeof headers === 'object' && headers !== null ? Reflect.get(headers, name) : undefined
  return typeof value === 'string' ? value : undefined
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
