import type { Clock, Timer } from '../kernel/clock.ts'

/** A `Date` header counts whole seconds. */
const dateHeaderMs = 1000

/** After a jump of the time, what was written before it may look older than it is for this long. */
const doubtMs = 25 * 3_600_000

/** A step forward below this makes nothing look old that is not. */
const smallJumpMs = 10 * 60_000

/** A `Date` that is further from AWS's time than this counts only where the next answer agrees with it. */
const credibleMs = 24 * 3_600_000

/** How far two answers may be apart that agree on the time. */
const agreementMs = 60_000

interface Known {
  readonly instant: number
  readonly elapsed: number
}

interface Waiting {
  readonly instant: number
  readonly run: () => void
  timer: Timer
}

/**
 * Time as AWS has it: what its last `Date` header said, counted on by a clock that never steps. AWS
 * judges the hours of records by its own clock, so the sidecar does too. Before the first answer it is
 * the machine's time.
 */
export class AwsClock implements Clock {
  readonly #machine: Clock
  readonly #waiting = new Set<Waiting>()
  /** An instant of AWS, and what `elapsed` was then. */
  #known: Known | undefined
  /** What the last answer said, where that was too far away to be believed at once. */
  #claimed: Known | undefined
  #jumpedAt: number | undefined
  /** The least that `now` was ahead of `elapsed` before AWS answered: the machine's time may step meanwhile. */
  #earliest = Number.POSITIVE_INFINITY
  /** Called when AWS's time turns out to be another than was thought. */
  onStep: (() => void) | undefined

  constructor(machine: Clock) {
    this.#machine = machine
  }

  /** AWS has answered, so that this is its time. */
  get isKnown(): boolean {
    return this.#known !== undefined
  }

  /** For how much longer, in ms, what was written earlier may look older than it is; 0 when nothing does. */
  get doubtfulForMs(): number {
    if (!this.isKnown) return doubtMs
    return Math.max(0, (this.#jumpedAt ?? Number.NEGATIVE_INFINITY) + doubtMs - this.elapsed())
  }

  now(): number {
    if (this.#known === undefined) {
      const now = this.#machine.now()
      this.#earliest = Math.min(this.#earliest, now - this.elapsed())
      return now
    }
    return Math.floor(this.#known.instant + this.elapsed() - this.#known.elapsed)
  }

  elapsed(): number {
    return this.#machine.elapsed()
  }

  at(instant: number, run: () => void): Timer {
    const waiting: Waiting = { instant, run, timer: { cancel: () => {} } }
    this.#waiting.add(waiting)
    this.#arm(waiting)
    return {
      cancel: () => {
        this.#waiting.delete(waiting)
        waiting.timer.cancel()
      },
    }
  }

  after(ms: number, run: () => void): Timer {
    return this.#machine.after(ms, run)
  }

  /**
   * Learns AWS's time from the `Date` header of an answer to a call that began at `startedAt`, on
   * `elapsed`, and has just ended. The time changes only by what the header cannot mean otherwise, and by
   * days only where two answers in a row say so. The first answer counts at once: a machine whose clock is off by
   * days is likelier than an AWS whose clock is, and until the next answer an hour would pass.
   */
  learn(date: number, startedAt: number): void {
    const elapsed = this.elapsed()
    const before = this.now()
    if (this.isKnown && !this.#isCredible({ instant: date, elapsed }, before)) return
    const latest = date + dateHeaderMs + (elapsed - startedAt)
    // Otherwise the earliest that it can be: a record must not be ahead of AWS.
    const instant = before >= date && before <= latest ? before : date
    const isFirst = this.#known === undefined
    const earliest = isFirst ? this.#earliest + elapsed : before
    if (instant > earliest + smallJumpMs) this.#jumpedAt = elapsed
    this.#known = { instant, elapsed }
    if (!isFirst && instant === before) return
    for (const waiting of this.#waiting) {
      waiting.timer.cancel()
      this.#arm(waiting)
    }
    if (instant !== before) this.onStep?.()
  }

  #isCredible(said: Known, now: number): boolean {
    const claimed = this.#claimed
    this.#claimed = Math.abs(said.instant - now) > credibleMs ? said : undefined
    if (this.#claimed === undefined) return true
    if (claimed === undefined) return false
    const passed = said.elapsed - claimed.elapsed
    return Math.abs(said.instant - claimed.instant - passed) <= agreementMs
  }

  #arm(waiting: Waiting): void {
    const end = () => {
      if (this.now() < waiting.instant) return this.#arm(waiting)
      this.#waiting.delete(waiting)
      waiting.run()
    }
    waiting.timer = this.isKnown
      ? this.#machine.after(Math.max(0, waiting.instant - this.now()), end)
      : this.#machine.at(waiting.instant, end)
  }
}
