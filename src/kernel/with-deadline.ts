import type { Clock } from './clock.ts'

export const timedOut = Symbol('timed out')

/**
 * Returns what `work` resolves with, or `timedOut` when `ms` have passed on `clock`. Then the signal that
 * `work` was given fires, and its outcome is ignored.
 */
export async function within<T>(
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
