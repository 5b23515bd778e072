import { createTask } from 'node-cron'
import type { Clock, Timer } from '../clock.ts'
import { hourMs, hourOf } from '../ledger/types.ts'

export interface Schedule {
  stop(): void
}

/** Ticks at the top of every hour, UTC. A tick that is missed does no harm: the next one does its work. */
export function scheduleByCron(tick: () => void): Schedule {
  const task = createTask('0 * * * *', tick, {
    name: 'seal',
    timezone: 'UTC',
    suppressMissedWarning: true,
    unref: true,
  })
  void task.start()
  return { stop: () => void task.destroy() }
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
