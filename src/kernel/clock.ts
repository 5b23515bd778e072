/** Cancels what was scheduled. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void
}

/**
 * Time as the program sees it. Instants are milliseconds since 1970-01-01T00:00:00Z. Everything that
 * depends on hours, windows and retries gets a clock as an argument, so that tests and `demo` can pass
 * one that runs faster or by hand.
 */
export interface Clock {
  /** The wall clock. It may step in both directions. */
  now(): number
  /** Milliseconds since an arbitrary start; never steps. For durations only. */
  elapsed(): number
  /** Calls `run` once when the wall clock has reached `instant`, or soon if it already has. */
  at(instant: number, run: () => void): Timer
  /** Calls `run` once when `ms` have passed, whatever the wall clock does meanwhile. */
  after(ms: number, run: () => void): Timer
}

/** A wall clock step is noticed after at most this long. */
const longestSleepMs = 30_000

/**
 * Creates a clock that runs `rate` times as fast as the machine's. `startAt` is what it shows now;
 * without it the clock shows the machine's time.
 */
function createRunningClock(rate: number, startAt?: number): Clock {
  const realStart = Date.now()
  const now =
    rate === 1 && startAt === undefined
      ? () => Date.now()
      : // Instants are whole milliseconds, at any rate.
        () => (startAt ?? realStart) + Math.floor((Date.now() - realStart) * rate)
  const elapsed = () => performance.now() * rate
  const when = (end: number, time: () => number, run: () => void): Timer => {
    let handle: NodeJS.Timeout
    const arm = () => {
      const realMs = Math.max(0, (end - time()) / rate)
      handle = setTimeout(
        () => (time() >= end ? run() : arm()),
        Math.ceil(Math.min(realMs, longestSleepMs)),
      )
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  }
  return {
    now,
    elapsed,
    at: (instant, run) => when(instant, now, run),
    after: (ms, run) => when(elapsed() + ms, elapsed, run),
  }
}

/** Creates the machine's own clock. */
export function createSystemClock(): Clock {
  return createRunningClock(1)
}

/** Creates a clock for `demo` and tests, on which an hour passes in `3600 / rate` seconds. */
export function createFastClock(rate: number, startAt: number): Clock {
  if (!(rate > 0)) throw new TypeError(`rate must be a positive number, not ${rate}`)
  return createRunningClock(rate, startAt)
}

/** Resolves when `ms` have passed on `clock`, or at once when `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const finish = () => {
      timer.cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.after(ms, finish)
    signal?.addEventListener('abort', finish, { once: true })
  })
}

/** Resolves when `work` has ended, even if it rejects, or when `ms` have passed on `clock`. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController()
  const finish = () => ended.abort()
  work.then(finish, finish)
  await sleep(clock, ms, ended.signal)
}

/** Converts an instant for vendors whose functions do not accept a number. */
export function toDate(instant: number): Date {
  return new Date(instant)
}

/** Formats an instant as `2026-11-22T10:00:00.000Z`. */
export function toIso(instant: number): string {
  return new Date(instant).toISOString()
}

/** The same for JSON, where null stands for none. */
export function isoOrNull(instant: number | undefined): string | null {
  return instant === undefined ? null : toIso(instant)
}

/**
 * Parses an RFC 3339 time such as `2026-11-22T10:15:00Z`; returns undefined for anything else. A time
 * without a zone is refused, because a guess could put usage into the wrong hour.
 */
export function fromIso(text: string): number | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/.exec(
    text,
  )
  if (parts === null) return undefined
  const instant = Date.parse(text.toUpperCase())
  const day = Date.parse(`${parts[1]}T00:00:00Z`)
  const dayExists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(`${parts[1]}`)
  return Number.isNaN(instant) || !dayExists ? undefined : instant
}

/** Starts measuring. The function returns the real seconds since then, whatever clock the hours run on. */
export function stopwatch(): () => number {
  const startedAt = performance.now()
  return () => (performance.now() - startedAt) / 1000
}
