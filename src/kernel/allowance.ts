import type { Clock } from './clock.ts'

interface AllowanceRules {
  /** How many uses are allowed at once. */
  readonly burst: number
  /** After those, one more each time this has passed, ms. */
  readonly refillMs: number
}

/** Limits how often something may be done. */
export class Allowance {
  readonly #rules: AllowanceRules
  readonly #timers: Clock
  #left: number
  #refilledAt: number

  /** `timers` is real time. */
  constructor(rules: AllowanceRules, timers: Clock) {
    this.#rules = rules
    this.#timers = timers
    this.#left = rules.burst
    this.#refilledAt = timers.elapsed()
  }

  /** Uses one and returns 0, or how long to wait for the next one, ms. */
  use(): number {
    const { burst, refillMs } = this.#rules
    const now = this.#timers.elapsed()
    const refills = Math.max(0, Math.floor((now - this.#refilledAt) / refillMs))
    this.#left = Math.min(burst, this.#left + refills)
    this.#refilledAt = this.#left === burst ? now : this.#refilledAt + refills * refillMs
    if (this.#left === 0) return this.#refilledAt + refillMs - now
    this.#left -= 1
    return 0
  }
}
