import { hourMs } from '../metering/hour.ts'

/** In an outage many attempts fail alike. They are told of at once, and then once in this time. */
const reminderMs = hourMs

/** Which failures are worth a line: each kind of them at once, and once an hour while it goes on. */
export class FailureNews {
  /** When a failure was last told, ms, by what has failed and by its kind. */
  readonly #told = new Map<string, Map<string, number>>()

  isNews(subject: string, kind: string, now: number): boolean {
    const kinds = this.#told.get(subject) ?? new Map<string, number>()
    const last = kinds.get(kind)
    if (last !== undefined && now < last + reminderMs) return false
    this.#told.set(subject, kinds.set(kind, now))
    return true
  }

  /** It has succeeded, or is not tried again: the next failure is news. */
  forget(subject: string): void {
    this.#told.delete(subject)
  }
}
