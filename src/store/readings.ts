import type { Account } from '../metering/account.ts'
import type { Reading } from '../metering/reading.ts'
import type { TagSet } from '../metering/tags.ts'

/** The note with the secret that members are hashed with; where all tasks or pods share them, a store makes it. */
export const membersNote = 'members.secret'

/** An hour of an account that has readings; `resource` is the task or pod that they belong to. */
interface ReadingHourKey {
  readonly account: Account
  readonly resource: string
  readonly hour: number
}

export interface ReadingHour extends ReadingHourKey {
  /** Its readings became an amount. Those of `max` and `unique` stay, so that late ones add only the rise. */
  readonly closed: boolean
  /** How many readings it has. */
  readonly count: number
}

export interface ReadingRow extends ReadingHourKey {
  readonly reading: Reading
}

/** What a group of commands does to readings, in this order. */
export interface ReadingChanges {
  /** Hours whose readings all go; those that are not among `hours` go with them. */
  readonly dropped: readonly ReadingHourKey[]
  /** Hours as they are from now on, new ones included. */
  readonly hours: readonly ReadingHour[]
  /** Each replaces the one with the same tag set and key. */
  readonly rows: readonly ReadingRow[]
}

/** Readings as the rules see them. */
export interface ReadingView {
  /** Undefined for an hour that never had a reading. */
  hour(key: ReadingHourKey): ReadingHour | undefined
  /** Those that are not closed, of every task or pod, by account and hour. */
  openHours(): readonly ReadingHour[]
  one(key: ReadingHourKey, tags: TagSet, name: string): Reading | undefined
  /** By tag set and key. */
  all(key: ReadingHourKey): readonly Reading[]
}
