import type { Account } from '../metering/account.ts'
import type { Registration } from '../metering/customer.ts'
import type { LicenceState } from '../metering/licence.ts'
import type { PlannedRecord } from '../metering/record/seal-plan.ts'
import type { MeteringRecord } from '../metering/record/record.ts'
import type { ReportReceipt } from '../metering/report.ts'
import type { TagSet } from '../metering/tags.ts'
import type { Slot } from '../metering/slot.ts'
import type { CursorChanges } from './cursor.ts'
import type { ReadingChanges } from './readings.ts'
import type { Retention } from './retention.ts'
import type { HeldHour, HeldKey, OpenAccountHour } from './view.ts'

export interface AccountChange {
  readonly account: Account
  /** Added to what was reported; less than 0 where usage went to another account. */
  readonly reported: bigint
  /** The new fraction; undefined leaves it. */
  readonly fraction: bigint | undefined
}

/** Usage that is added to an open hour, by tag set. */
export interface AddedUsage extends OpenAccountHour {
  readonly added: ReadonlyMap<TagSet, bigint>
}

/** Usage that is held from now on, by tag set; `since` counts where none of that key was held before. */
export interface HeldCells extends HeldKey {
  readonly since: number
  readonly added: ReadonlyMap<TagSet, bigint>
}

/** Usage that an operator wrote off: the trail of a decision that cannot be undone. */
export interface VoidedUsage {
  readonly account: Account
  /** The refused record that it was in. */
  readonly recordId: number | undefined
  /** The hour that it was in. */
  readonly hour: number
  readonly tags: TagSet
  readonly quantity: bigint
  readonly reason: string
  readonly at: number
}

export interface NewRecord {
  readonly slot: Slot
  readonly resource: string
  readonly content: PlannedRecord
  readonly sealedAt: number
}

/** The members of a record that change after it was sealed. */
export type RecordProgress = Pick<
  MeteringRecord,
  | 'state'
  | 'attempts'
  | 'inFlight'
  | 'ambiguous'
  | 'meteringRecordId'
  | 'lastCode'
  | 'lastMessage'
  | 'firstAttemptAt'
  | 'lastAttemptAt'
  | 'settledAt'
  | 'movedTo'
>

/** What a record sends that was sealed again, because AWS cannot accept it as it was. */
export interface Resealed {
  readonly timestamp: number
  readonly clientToken: string
  /** Its parts lose their allocations. */
  readonly isUntagged: boolean
}

export interface NewClaim {
  readonly token: string
  readonly digest: Uint8Array
  readonly receipts: readonly ReportReceipt[]
  readonly createdAt: number
  /** How much longer than other keys it is kept, ms; undefined for as long. */
  readonly keptLongerMs?: number | undefined
}

export interface LateUsageSum {
  readonly dimension: string
  readonly hour: number
  /** The new sum. */
  readonly quantity: bigint
}

/** A short text of a task or pod; an earlier one of that name is replaced, or removed by undefined. */
export interface Note {
  readonly resource: string
  readonly name: string
  readonly value: string | undefined
}

/** What a group of commands does to the book. Written whole, in one transaction, or not at all. */
export interface Changes {
  /** New ones, and those whose end or deletion changes. Written before anything that names them. */
  readonly registrations: readonly Registration[]
  /** What counts of licences and subscriptions from now on, by their keys of AWS. */
  readonly licences: ReadonlyMap<string, LicenceState>
  /** Every account that the other members name, the new ones included. */
  readonly accounts: readonly AccountChange[]
  /** Hours whose open usage went elsewhere: taken out before `added` is written. */
  readonly emptied: readonly OpenAccountHour[]
  readonly added: readonly AddedUsage[]
  /** Held hours whose usage went elsewhere: taken out before `held` is written. */
  readonly released: readonly HeldHour[]
  readonly held: readonly HeldCells[]
  readonly voided: readonly VoidedUsage[]
  readonly newRecords: readonly NewRecord[]
  readonly records: ReadonlyMap<number, RecordProgress>
  /** Records that send other content than before. */
  readonly resealed: ReadonlyMap<number, Resealed>
  /** The task or pod that sends a record from now on, by the id of the record. */
  readonly senders: ReadonlyMap<number, string>
  readonly claims: readonly NewClaim[]
  /** Undefined where no reading changes. */
  readonly readings?: ReadingChanges | undefined
  readonly cursors?: CursorChanges | undefined
  readonly lateUsage: readonly LateUsageSum[]
  readonly notes: readonly Note[]
  /** Old rows go, a bounded number of them; settled records into the totals of their accounts. */
  readonly forget: Retention | undefined
  /** The task or pod that owns the book from now on. */
  readonly owner: { readonly identity: string; readonly firstSeenAt: number } | undefined
}
