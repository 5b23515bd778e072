import { hourMs } from '../metering/hour.ts'

/** In an outage many attempts fail alike: such a failure is logged at once, and then once in this time. */
const reminderMs = hourMs

/** Decides which failures get a log line: each kind at once, and once an hour while it goes on. */
export class FailureReminders {
  /** When a failure was last logged, ms since any start, by what has failed and by its kind. */
  readonly #logged = new Map<string, Map<string, number>>()

  /** Whether a failure gets a line now; it then counts as logged. */
  isDue(subject: string, kind: string, now: number): boolean {
    const kinds = this.#logged.get(subject) ?? new Map<string, number>()
    const last = kinds.get(kind) ?? Number.NEGATIVE_INFINITY
    if (now < last + reminderMs) return false
    this.#logged.set(subject, kinds.set(kind, now))
    return true
  }

  /** Begins anew for a subject that has succeeded or is not tried again: its next failure gets a line. */
  forget(subject: string): void {
    this.#logged.delete(subject)
  }
}
