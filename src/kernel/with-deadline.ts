import type { Clock } from './clock.ts'
import { fail, succeed, type Result } from './result.ts'

/**
 * Waits for `work`, but no longer than `ms` on `clock`. When that time is over, the signal that `work`
 * received fires and its outcome no longer matters. Rejects when `work` does.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Result<T, 'timed-out'>> {
  const controller = new AbortController()
  const late = Promise.withResolvers<Result<never, 'timed-out'>>()
  const timer = clock.after(ms, () => {
    late.resolve(fail('timed-out'))
    controller.abort()
  })
  try {
    return await Promise.race([work(controller.signal).then(succeed), late.promise])
  } finally {
    timer.cancel()
  }
}
