/** Instants and hours are ms since 1970; an hour is named by its start, in UTC. */
export const hourMs = 3_600_000

/** The start of the UTC hour that `instant` falls into. */
export function hourOf(instant: number): number {
  return Math.floor(instant / hourMs) * hourMs
}

/** Hours that start before this instant are over, and the delay for stragglers has passed. */
export function sealableBefore(now: number, sealDelayMs: number): number {
  return hourOf(now - sealDelayMs)
}

/**
 * The instant that AWS is told for a record of `hour`: the last second of the hour, which leaves the
 * six-hour window open longest, or the moment of sealing when the hour is not over yet. Whole seconds,
 * as on the wire.
 */
export function recordTimestamp(hour: number, sealedAt: number): number {
  const last = Math.min(hour + hourMs - 1000, Math.floor(sealedAt / 1000) * 1000)
  return Math.max(hour, last)
}
