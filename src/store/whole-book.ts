import type { Account } from '../metering/account.ts'
import type { Registration } from '../metering/customer.ts'
import type { LicenceState } from '../metering/licence.ts'
import type { MeteringRecord } from '../metering/record/record.ts'
import type { AccountChange, AddedUsage, HeldCells, LateUsageSum, VoidedUsage } from './changes.ts'
import type { Cursor } from './cursor.ts'
import type { ReadingHour, ReadingRow } from './readings.ts'
import type { AccountSums, BookOwner } from './summary.ts'

/** An idempotency key as a table has it. */
export interface ClaimRow {
  readonly key: Uint8Array
  readonly digest: Uint8Array
  readonly receipts: string
  readonly createdAt: number
}

/** All that a book holds, read at one moment, to be put into another store. */
export interface WholeBook {
  /** The same for every copy of the book, and for no other. */
  readonly id: string
  /** The task or pod that has it now. */
  readonly owner: string
  /** Every task or pod that had it. */
  readonly resources: readonly BookOwner[]
  readonly registrations: readonly Registration[]
  readonly licences: ReadonlyMap<string, LicenceState>
  readonly accounts: readonly AccountChange[]
  /** What accepted records held that were forgotten since. */
  readonly pruned: readonly { readonly account: Account; readonly quantity: bigint }[]
  readonly open: readonly AddedUsage[]
  readonly held: readonly HeldCells[]
  readonly voided: readonly VoidedUsage[]
  /** The oldest id first. */
  readonly records: readonly MeteringRecord[]
  readonly readingHours: readonly ReadingHour[]
  readonly readings: readonly ReadingRow[]
  readonly cursors: readonly Cursor[]
  readonly lateUsage: readonly LateUsageSum[]
  readonly notes: readonly {
    readonly resource: string
    readonly name: string
    readonly value: string
  }[]
  readonly sums: readonly AccountSums[]
  /** Many: a few thousand at a time. */
  claims(): Iterable<readonly ClaimRow[]>
}
