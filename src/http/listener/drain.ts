import type { Clock } from '../../kernel/clock.ts'

/**
 * Waits for the application's last reports. The wait ends when nothing was reported for a while, or at
 * its limit.
 */
export class Drain {
  readonly #timers: Clock
  #lastReportAt = Number.NEGATIVE_INFINITY
  #running = false

  constructor(timers: Clock) {
    this.#timers = timers
  }

  get isRunning(): boolean {
    return this.#running
  }

  /** Notes that the application reported something. */
  noteReport(): void {
    this.#lastReportAt = this.#timers.elapsed()
  }

  /** Resolves after `quietMs` without a report, or after `limitMs`; real time. */
  run(quietMs: number, limitMs: number): Promise<void> {
    this.#running = true
    const startedAt = this.#timers.elapsed()
    const endsAt = startedAt + limitMs
    return new Promise((resolve) => {
      const endIfQuiet = () => {
        const now = this.#timers.elapsed()
        const quietAt = Math.max(startedAt, this.#lastReportAt) + quietMs
        if (now >= Math.min(quietAt, endsAt)) return resolve()
        this.#timers.after(Math.min(quietAt, endsAt) - now, endIfQuiet)
      }
      endIfQuiet()
    })
  }
}
