import { startSchedule as scheduleHours } from '../../channels/schedule.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** Calls `tick` now and at the end of every hour until it is disposed of. */
export function startSchedule(
  { clock, timers }: Pick<SidecarOptions, 'clock' | 'timers'>,
  tick: () => void,
): Disposable {
  const schedule = scheduleHours({ clock, timers, tick })
  tick()
  return { [Symbol.dispose]: () => schedule.stop() }
}
