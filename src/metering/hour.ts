/** Instants and hours are ms since 1970; an hour is named by its start, in UTC. */
export const hourMs = 3_600_000

/** Returns the start of the UTC hour that contains `instant`. */
export function hourOf(instant: number): number {
  return Math.floor(instant / hourMs) * hourMs
}

/**
 * Returns the timestamp of a record of `hour`: the last second of the hour, which leaves the six-hour
 * window open longest, or the moment of sealing when the hour is not over yet. Whole seconds, as on the
 * wire.
 */
export function recordTimestamp(hour: number, sealedAt: number): number {
  const last = Math.min(hour + hourMs - 1000, Math.floor(sealedAt / 1000) * 1000)
  return Math.max(hour, last)
}
