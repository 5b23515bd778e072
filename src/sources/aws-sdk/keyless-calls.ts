import { createHash } from 'node:crypto'
import { awsLimits } from '../../metering/aws-limits.ts'

/** Enough to see repeats, which come within seconds, and too little to fill the memory. */
const rememberedPerHour = 1000

/**
 * Remembers calls that have nothing to tell a repeat by, to report those that look like one. The memory is
 * that of this process: it only warns.
 */
export class KeylessCalls {
  readonly #hours = new Map<number, Set<string>>()

  /** Reports whether an equal call for the same hour came before. `content` names dimension and content. */
  isRepeat(hour: number, content: string): boolean {
    for (const known of this.#hours.keys())
      if (known < hour - awsLimits.meterUsageWindowMs) this.#hours.delete(known)
    const seen = this.#hours.get(hour) ?? new Set()
    this.#hours.set(hour, seen)
    // With its allocations a call can have as many bytes as a body.
    const digest = createHash('sha256').update(content).digest('base64url')
    if (seen.has(digest)) return true
    if (seen.size < rememberedPerHour) seen.add(digest)
    return false
  }
}
