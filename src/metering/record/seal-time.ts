import { hourMs, hourOf } from '../hour.ts'
import { acceptedUntil, type RecordWindow } from './record-window.ts'

/** How long before AWS stops accepting an hour it is sealed at the latest. */
const roomToSendMs = hourMs

/**
 * Returns when an hour may be sealed: it is over, and so is the delay for stragglers. A long delay ends while
 * AWS accepts the hour: of the last day of a month it does so until 06:00 UTC of the next.
 */
export function sealedFrom(hour: number, sealDelayMs: number, window: RecordWindow): number {
  const end = hour + hourMs
  const latest = Math.max(end, acceptedUntil(window, hour) - roomToSendMs)
  return Math.min(end + sealDelayMs, latest)
}

/** Returns the instant before which an hour must start to be sealed. */
export function sealableBefore(now: number, sealDelayMs: number, window: RecordWindow): number {
  let before = hourOf(now - sealDelayMs)
  while (sealedFrom(before, sealDelayMs, window) <= now) before += hourMs
  return before
}
