import type { Clock, Timer } from '../kernel/clock.ts'

interface Pending {
  readonly instant: number
  readonly run: () => void
  timer: Timer
}

interface EmulatorClockOptions {
  /** How many times as fast as `base` this clock runs; 1 when absent. */
  readonly rate?: number | undefined
  /** What it shows at first, ms; what `base` shows when absent. */
  readonly startAt?: number | undefined
}

/**
 * A clock on top of another one, which can be set and made faster or slower while it runs. Timers
 * follow: one whose instant is in the past after a change fires at once.
 */
export class EmulatorClock implements Clock {
  readonly #base: Clock
  readonly #pending = new Set<Pending>()
  #rate = 1
  #shownAnchor: number
  #baseAnchor: number
  #elapsedAnchor = 0
  #baseElapsedAnchor: number

  constructor(base: Clock, options: EmulatorClockOptions = {}) {
    this.#base = base
    this.#baseAnchor = base.now()
    this.#baseElapsedAnchor = base.elapsed()
    this.#shownAnchor = options.startAt ?? this.#baseAnchor
    this.setRate(options.rate ?? 1)
  }

  get rate(): number {
    return this.#rate
  }

  now(): number {
    return Math.round(this.#shownAnchor + (this.#base.now() - this.#baseAnchor) * this.#rate)
  }

  elapsed(): number {
    return this.#elapsedAnchor + (this.#base.elapsed() - this.#baseElapsedAnchor) * this.#rate
  }

  at(instant: number, run: () => void): Timer {
    const pending: Pending = { instant, run, timer: { cancel: () => {} } }
    this.#pending.add(pending)
    this.#arm(pending)
    return {
      cancel: () => {
        this.#pending.delete(pending)
        pending.timer.cancel()
      },
    }
  }

  /** Counts on the wall clock, so that setting the clock ends a wait that it passes. */
  after(ms: number, run: () => void): Timer {
    return this.at(this.now() + ms, run)
  }

  /** Sets the clock to `instant`. Only the wall clock steps; `elapsed` does not. */
  setNow(instant: number): void {
    this.#anchor(instant, this.#rate)
  }

  /** Makes the clock run `rate` times as fast as the one below. */
  setRate(rate: number): void {
    if (!(rate > 0) || !Number.isFinite(rate)) {
      throw new TypeError(`rate must be a positive number, not ${rate}`)
    }
    this.#anchor(this.now(), rate)
  }

  #anchor(shown: number, rate: number): void {
    this.#elapsedAnchor = this.elapsed()
    this.#baseElapsedAnchor = this.#base.elapsed()
    this.#baseAnchor = this.#base.now()
    this.#shownAnchor = shown
    this.#rate = rate
    for (const pending of this.#pending) {
      pending.timer.cancel()
      this.#arm(pending)
    }
  }

  #arm(pending: Pending): void {
    const wait = Math.ceil((pending.instant - this.#shownAnchor) / this.#rate)
    pending.timer = this.#base.at(this.#baseAnchor + wait, () => {
      this.#pending.delete(pending)
      pending.run()
    })
  }
}
