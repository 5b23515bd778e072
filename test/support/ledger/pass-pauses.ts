import type { ManualClock } from '../manual-clock.ts'
import { until } from '../sidecar/metadata-server.ts'

/** Waits for `work`, ending each of its pauses at once; returns its value and the pauses, ms. */
export async function passPauses<T>(
  work: Promise<T>,
  clock: ManualClock,
): Promise<{ value: T; pauses: number[] }> {
  const pauses: number[] = []
  const state = { done: false }
  const value = work.finally(() => {
    state.done = true
  })
  for (;;) {
    await until(() => state.done || clock.nextAt !== undefined)
    if (clock.nextAt === undefined) return { value: await value, pauses }
    const pause = clock.nextAt - clock.now()
    pauses.push(pause)
    await clock.advance(pause)
  }
}
