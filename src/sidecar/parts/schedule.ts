import { scheduleByClock, scheduleByCron } from '../../channels/schedule.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** Calls `tick` now and at the top of every hour until it is disposed of. */
export function startSchedule(
  { ticks, clock, timers }: Pick<SidecarOptions, 'ticks' | 'clock' | 'timers'>,
  tick: () => void,
): Disposable {
  tick()
  const schedule = ticks === 'cron' ? scheduleByCron(timers, tick) : scheduleByClock(clock, tick)
  return { [Symbol.dispose]: () => schedule.stop() }
}
