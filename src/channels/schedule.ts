import type { ScheduledTask } from 'node-cron'
import type { Clock, Timer } from '../kernel/clock.ts'
import { hourMs, hourOf } from '../metering/hour.ts'

export interface ScheduleOptions {
  /** The clock that hours are counted on. */
  readonly clock: Clock
  /** Real time, which cron follows. */
  readonly timers: Clock
  /** Called when an hour has ended on `clock`. */
  readonly tick: () => void
}

export interface Schedule {
  /** Looks at the clock again, which has been set. */
  wake(): void
  stop(): void
}

/** cron and its formatter of times take 15 ms, and the application does not wait for them at the start. */
const afterTheStartMs = 1000

/**
 * Ticks once at the end of every hour, UTC. A timer of the clock wakes it, and cron does so as well at
 * the top of every real hour: a wake-up that is missed or comes twice does no harm. The first tick
 * is the caller's.
 */
export function startSchedule({ clock, timers, tick }: ScheduleOptions): Schedule {
  let hour = hourOf(clock.now())
  let stopped = false
  const arm = () => clock.at(hour + hourMs, wake)
  function wake(): void {
    if (stopped) return
    timer.cancel()
    const current = hourOf(clock.now())
    // Not "later": a clock that was set back ticks at the end of the hour that it shows.
    const hasEnded = current !== hour
    hour = current
    timer = arm()
    if (hasEnded) tick()
  }
  let timer: Timer = arm()
  const cron = startCron(timers, wake)
  return {
    wake,
    stop() {
      stopped = true
      timer.cancel()
      cron.stop()
    },
  }
}

/** Wakes at the top of every real hour, from a second after now. */
function startCron(timers: Clock, wake: () => void): Pick<Schedule, 'stop'> {
  let task: ScheduledTask | undefined
  let stopped = false
  const begin = timers.after(afterTheStartMs, () => void load())
  async function load(): Promise<void> {
    const { createTask } = await import('node-cron')
    if (stopped) return
    task = createTask('0 * * * *', wake, {
      name: 'seal',
      timezone: 'UTC',
      suppressMissedWarning: true,
      unref: true,
    })
    await task.start()
  }
  return {
    stop() {
      stopped = true
      begin.cancel()
      void task?.destroy()
    },
  }
}
