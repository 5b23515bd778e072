export interface BackoffOptions {
  /** The longest first delay, ms. */
  readonly baseMs?: number
  /** The longest delay of all, ms. */
  readonly capMs?: number
}

/**
 * Returns how long to wait before the next attempt, in whole milliseconds and at least 1. It is a random
 * share of a ceiling that starts at `baseMs` (1 s) and doubles with each failed attempt up to `capMs`
 * (5 min). `attempt` is how many have failed, from 1. Full jitter keeps many sidecars that failed
 * together from coming back together.
 */
export function backoffMs(
  attempt: number,
  random: () => number,
  { baseMs = 1_000, capMs = 300_000 }: BackoffOptions = {},
): number {
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new TypeError(`attempt must be an integer from 1, not ${attempt}`)
  }
  const ceiling = Math.min(capMs, baseMs * 2 ** (attempt - 1))
  return Math.max(1, Math.ceil(random() * ceiling))
}
