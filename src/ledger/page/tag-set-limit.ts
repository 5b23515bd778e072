import { accountsRemembered, RecentMap } from '../../kernel/recent-map.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import type { TagSet } from '../../metering/tags.ts'

/** What is known of the tag sets of an hour, where it must be exact. */
interface TagSetsOfHour {
  count(): number
  has(tags: TagSet): boolean
}

/**
 * Limits the tag sets of an hour. It remembers between groups what an hour holds at most, which saves a
 * look-up for each report, and counts only when that limit is reached.
 */
export class TagSetLimit {
  readonly #most: number
  /** By account and hour. */
  readonly #hours = new RecentMap<string, Map<number, HourLimit>>(accountsRemembered)

  constructor(most: number) {
    this.#most = most
  }

  /** Whether the hour may hold this tag set. */
  admits({ account, hour }: OpenAccountHour, tags: TagSet, sets: TagSetsOfHour): boolean {
    const limit = this.#limitOf(account.name, hour)
    if (limit.atMost >= this.#most && !limit.isFull) {
      limit.atMost = sets.count()
      limit.isFull = limit.atMost >= this.#most
    }
    if (limit.isFull) return sets.has(tags)
    limit.atMost += 1
    return true
  }

  /** The hour was emptied. */
  forget({ account, hour }: OpenAccountHour): void {
    const hours = this.#hours.get(account.name)
    hours?.delete(hour)
    if (hours?.size === 0) this.#hours.delete(account.name)
  }

  /** Forgets everything, after a rollback. */
  clear(): void {
    this.#hours.clear()
  }

  #limitOf(account: string, hour: number): HourLimit {
    const hours = this.#hours.get(account) ?? new Map<number, HourLimit>()
    this.#hours.set(account, hours)
    // What the hour held before this process is unknown until it is counted.
    const limit = hours.get(hour) ?? { atMost: this.#most, isFull: false }
    hours.set(hour, limit)
    return limit
  }
}

interface HourLimit {
  /** Never less than the tag sets that the hour holds. */
  atMost: number
  /** It accepts no further tag set. */
  isFull: boolean
}
