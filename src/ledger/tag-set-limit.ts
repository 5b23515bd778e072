import type { OpenAccountHour } from '../store/view.ts'
import type { TagSet } from '../metering/tags.ts'

/** What is known of the tag sets of an hour, where it must be exact. */
export interface TagSetsOfHour {
  count(): number
  has(tags: TagSet): boolean
}

/**
 * Limits the tag sets of an hour. It remembers between groups what an hour holds at most, which saves a
 * look-up for each report, and counts only when that limit is reached.
 */
export class TagSetLimit {
  readonly #most: number
  /** By account and hour: never less than the tag sets that it holds. */
  readonly #atMost = new Map<string, number>()
  /** Accounts and hours that accept no further tag set. */
  readonly #full = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  /** Whether the hour may hold this tag set. */
  admits({ account, hour }: OpenAccountHour, tags: TagSet, sets: TagSetsOfHour): boolean {
    const name = nameOf(account.name, hour)
    const atMost = this.#atMost.get(name) ?? this.#most
    if (atMost < this.#most) {
      this.#atMost.set(name, atMost + 1)
      return true
    }
    if (!this.#full.has(name)) {
      const count = sets.count()
      this.#atMost.set(name, count)
      if (count < this.#most) {
        this.#atMost.set(name, count + 1)
        return true
      }
      this.#full.add(name)
    }
    return sets.has(tags)
  }

  /** The hour was emptied. */
  forget({ account, hour }: OpenAccountHour): void {
    const name = nameOf(account.name, hour)
    this.#atMost.delete(name)
    this.#full.delete(name)
  }

  /** Forgets everything, after a rollback. */
  clear(): void {
    this.#atMost.clear()
    this.#full.clear()
  }
}

function nameOf(account: string, hour: number): string {
  return `${account}|${hour}`
}
