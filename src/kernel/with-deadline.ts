import type { Clock } from './clock.ts'

export const timedOut = Symbol('timed out')

/**
 * What `work` resolves with, or `timedOut` when `ms` have passed on `clock`; then the signal that `work`
 * was given fires, and what becomes of it matters no more.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof timedOut> {
  const controller = new AbortController()
  const late = Promise.withResolvers<typeof timedOut>()
  const timer = clock.at(clock.now() + ms, () => {
    late.resolve(timedOut)
    controller.abort()
  })
  try {
    return await Promise.race([work(controller.signal), late.promise])
  } finally {
    timer.cancel()
  }
}
