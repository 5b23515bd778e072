import type { Account, Meaning } from '../metering/account.ts'
import type { OpenCell } from '../metering/cell.ts'
import type { CustomerNames, Registration } from '../metering/customer.ts'
import type { HeldReason } from '../metering/held.ts'
import type { LicenceState } from '../metering/licence.ts'
import type { MeteringRecord } from '../metering/record/record.ts'
import type { ReportReceipt } from '../metering/report.ts'
import type { Slot } from '../metering/slot.ts'
import type { TagSet } from '../metering/tags.ts'
import type { Cursor } from './cursor.ts'
import type { ReadingView } from './readings.ts'
import type { Retention } from './retention.ts'

/** What an idempotency key was used for. */
export interface StoredClaim {
  readonly digest: Uint8Array
  readonly receipts: readonly ReportReceipt[]
}

/** An hour of an account that holds open usage. */
export interface OpenAccountHour {
  readonly account: Account
  readonly resource: string
  readonly hour: number
}

/** Usage of an account and hour that is held for one reason; `resource` is the task or pod whose hour it was. */
export interface HeldKey extends OpenAccountHour {
  readonly reason: HeldReason
}

/** A held hour of the store. */
export interface HeldHour extends HeldKey {
  /** What operators name it by; never used again. */
  readonly id: number
  readonly since: number
}

/** What the accounts of one meaning hold, in micro-units. */
export interface MeaningSums {
  readonly key: Meaning
  readonly open: bigint
  readonly fraction: bigint
}

/**
 * Who seals usage that all tasks or pods share: this one because no other lives, this one of several, or
 * another one.
 */
export type SharedRole = 'alone' | 'submitter' | 'member'

/** Which hours may be sealed. */
export interface SealableHours {
  /** Hours that start before it. */
  readonly before: number
  /** Of customers whose licence has ended: hours that start before it. */
  readonly endedBefore: number
  /** Of usage that all tasks or pods share, while another one lives: hours that start before it. `before` when absent. */
  readonly sharedBefore?: number | undefined
  /** At most so many; undefined for all. */
  readonly limit?: number | undefined
}

/** The customers of a SaaS product. Registrations that were deleted are among them. */
export interface CustomerView {
  /** The registrations of a customer, the oldest first. */
  registrations(customer: string): readonly Registration[]
  /** Registrations of any customer that have one of these names. */
  registrationsNaming(names: CustomerNames): readonly Registration[]
  /** What was said last of a licence or subscription that has this key of AWS. */
  licence(key: string): LicenceState | undefined
  /** Whether open usage of this customer waits for a registration. */
  isAwaited(customer: string): boolean
  /** How many customers have open usage that waits for a registration. */
  countAwaited(): number
  accountsOf(customer: string): readonly Account[]
  /** The hours with open usage of an account, the oldest first. */
  openHoursOf(account: Account): readonly OpenAccountHour[]
  /** The last hour that has open usage or a record of a registration. */
  lastHour(registration: Registration): number | undefined
  /** Whether usage of a registration is open, held, unsent or unresolved. */
  isUnsettled(registration: Registration): boolean
}

/**
 * The book as the rules see it inside a transaction: rows as they were before the group's own changes.
 * Reads only. A store whose rows are far away may load what was asked for in vain and run the rules
 * again: they are pure.
 */
export interface BookView extends CustomerView {
  /** Whether the age of idempotency keys goes by a clock of the store's own. */
  readonly datesKeys: boolean
  claim(token: string): StoredClaim | undefined
  /** Whether a record of this slot and hour exists, whatever its state. */
  isClosed(slot: Slot, hour: number): boolean
  /** What was reported for an account, less what was settled long ago; 0 for one that is new. */
  reported(account: Account): bigint
  /** Every account, in an order that stays: of many customers there are tens of thousands. */
  accounts(): readonly Account[]
  /** The meanings that accounts have, in the order of their coming, and what those accounts hold now. */
  meanings(): readonly MeaningSums[]
  /** The accounts whose usage waits for the registration of its customer. */
  unregisteredAccounts(): readonly Account[]
  /** The fraction of an account; 0 for one that is new. */
  fraction(account: Account): bigint
  /** Hours with open usage that start before `before`, and after `after`, by account and hour. */
  openHours(before: number, after?: number): readonly OpenAccountHour[]
  sharedRole(): SharedRole
  /**
   * Hours with open usage that may be sealed, by account and hour; none of a customer without a registration,
   * and none that another task or pod seals.
   */
  sealableHours(due: SealableHours): readonly OpenAccountHour[]
  /** The cells of an hour, in the order of the tag sets. */
  cells(open: OpenAccountHour): readonly OpenCell[]
  /** How many tag sets an hour holds, the untagged one not counted. */
  countTagSets(open: OpenAccountHour): number
  hasTagSet(open: OpenAccountHour, tags: TagSet): boolean
  /** Whether usage of this hour is held, for any reason. */
  isHeld(open: OpenAccountHour): boolean
  /** All that is held, oldest hour first. */
  heldHours(): readonly HeldHour[]
  /** The cells of a held hour, in the order of the tag sets. */
  heldCells(held: HeldHour): readonly OpenCell[]
  readonly readings: ReadingView
  /** Every cursor of a source, by series. */
  cursors(resource: string, source: string): readonly Cursor[]
  record(id: number): MeteringRecord | undefined
  /** The first record that bears this id of AWS. */
  recordWithMeteringId(meteringRecordId: string): number | undefined
  /** Sealed, sending and refused records of hours that start after `after`; of any hour when absent. */
  unsentRecords(after?: number): readonly MeteringRecord[]
  /** Unsent records of which an attempt is under way, or was when its process ended. */
  inFlightRecords(): readonly MeteringRecord[]
  /**
   * Unsent records of other tasks or pods than this one that are gone, oldest hour first. Of many, a store may keep
   * some for a later transaction, and counts who left them as abandoned until then.
   */
  leftRecords(resource: string): readonly MeteringRecord[]
  /** The hours with open usage that tasks or pods left who are gone: their own usage, not what all share. */
  leftHours(resource: string): readonly OpenAccountHour[]
  /** Other tasks or pods than this one that are gone and may have left usage, as far as it is in this view. */
  abandoned(resource: string): readonly string[]
  /** The task or pod that owns the book; undefined when none has opened it. */
  owner(): string | undefined
  /** What a task or pod last noted under this name. */
  note(resource: string, name: string): string | undefined
  /** Whether more is older than `retention` allows than one transaction forgets. */
  hasMoreToForget(retention: Retention): boolean
  /** What was reported late and is counted in `hour`, so far. */
  lateUsage(dimension: string, hour: number): bigint
}
