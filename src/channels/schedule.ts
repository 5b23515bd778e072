import { createTask, type ScheduledTask } from 'node-cron'
import type { Clock, Timer } from '../kernel/clock.ts'
import { hourMs, hourOf } from '../metering/hour.ts'

export interface Schedule {
  stop(): void
}

/** cron's formatter of times takes 10 ms, which the application need not wait for at the start. */
const afterTheStartMs = 1000

/**
 * Ticks at the top of every hour, UTC, and once a second from now, in case one ended meanwhile. A tick that
 * is missed does no harm: the next one does its work. `timers` is real time.
 */
export function scheduleByCron(timers: Clock, tick: () => void): Schedule {
  let task: ScheduledTask | undefined
  const begin = timers.at(timers.now() + afterTheStartMs, () => {
    task = createTask('0 * * * *', tick, {
      name: 'seal',
      timezone: 'UTC',
      suppressMissedWarning: true,
      unref: true,
    })
    void task.start()
    tick()
  })
  return {
    stop() {
      begin.cancel()
      void task?.destroy()
    },
  }
}

/** The same on a clock that runs fast or by hand, which cron knows nothing of. */
export function scheduleByClock(clock: Clock, tick: () => void): Schedule {
  let timer: Timer
  const arm = () => {
    timer = clock.at(hourOf(clock.now()) + hourMs, () => {
      arm()
      tick()
    })
  }
  arm()
  return { stop: () => timer.cancel() }
}
