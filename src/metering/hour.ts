import { hourMs, hourOf } from './types.ts'

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
