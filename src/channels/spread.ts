import { createHash } from 'node:crypto'

/**
 * How long this task or pod waits before it sends, 0 to `spreadMs`. The delay is always the same for the
 * same one and even over many, so that ten thousand pods do not call in the same second.
 */
export function spreadDelayMs(resource: string, spreadMs: number): number {
  const hash = createHash('sha256').update(resource).digest().readUInt32BE(0)
  return Math.floor((hash / 2 ** 32) * spreadMs)
}
