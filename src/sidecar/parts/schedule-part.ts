import type { AwsClock } from '../../aws/aws-clock.ts'
import { startSchedule as scheduleHours } from '../../channels/schedule.ts'
import type { Clock } from '../../kernel/clock.ts'

interface ScheduleClocks {
  readonly clock: AwsClock
  readonly timers: Clock
}

/** Calls `tick` now and at the end of every hour of AWS until it is disposed of. */
export function startSchedule({ clock, timers }: ScheduleClocks, tick: () => void): Disposable {
  const schedule = scheduleHours({ clock, timers, tick })
  clock.onStep = () => schedule.wake()
  tick()
  return {
    [Symbol.dispose]() {
      clock.onStep = undefined
      schedule.stop()
    },
  }
}
