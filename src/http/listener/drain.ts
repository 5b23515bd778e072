import type { Clock } from '../../kernel/clock.ts'

/**
 * The wait for the application's last reports: it goes on until nothing was reported for a while, or
 * until its own limit.
 */
export class Drain {
  readonly #timers: Clock
  #heardAt = 0
  #running = false

  constructor(timers: Clock) {
    this.#timers = timers
  }

  get isRunning(): boolean {
    return this.#running
  }

  /** The application reported something. */
  heard(): void {
    this.#heardAt = this.#timers.now()
  }

  /** Resolves after `quietMs` without a report, at the latest after `limitMs`; real time. */
  run(quietMs: number, limitMs: number): Promise<void> {
    this.#running = true
    const startedAt = this.#timers.now()
    const endsAt = startedAt + limitMs
    return new Promise((resolve) => {
      const look = () => {
        const now = this.#timers.now()
        const quietAt = Math.max(startedAt, this.#heardAt) + quietMs
        if (now >= Math.min(quietAt, endsAt)) return resolve()
        this.#timers.at(Math.min(quietAt, endsAt), look)
      }
      look()
    })
  }
}
