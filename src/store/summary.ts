import type { HeldReason } from '../metering/held.ts'
import { hourMs } from '../metering/hour.ts'
import type { MeteringRecord, RecordSummary } from '../metering/record/record.ts'
import type { ReadingAggregate } from '../metering/reading.ts'
import type { RecordState } from '../metering/record/record-states.ts'
import type { OpenHour } from '../metering/report.ts'
import type { TagSet } from '../metering/tags.ts'

/** How far back the summary goes. */
export const summaryWindowMs = 48 * hourMs

/**
 * How many records a summary lists of those that wait, and of those that are settled: all that a task or pod can
 * have, and of a product with many customers not all.
 */
export const mostListed = 1200

/** Held usage of an hour, under the id that operators name it by. */
export interface HeldUsageSummary {
  readonly id: number
  /** The key of the customer's registration; empty for the buyer. */
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
  readonly reason: HeldReason
  readonly since: number
}

/** The note in the ledger of a demo, whose clock runs faster than the machine's. */
export const fastClockNote = 'fast-clock'

/** The note of a book's owner that lists the accounts whose meaning is not that of today's product file. */
export const retiredNote = 'accounts.retired'

/** The note of a book's owner that lists what operators decided. */
export const decisionsNote = 'operator.decisions'

/** What an account holds below one of AWS's whole units. */
export interface AccountFraction {
  readonly dimension: string
  readonly productCode: string
  readonly divisor: bigint
  readonly quantity: bigint
  /** The product file no longer has the account, so its fraction never becomes a unit. */
  readonly retired: boolean
}

/** What the readings of an hour come to so far. */
export interface OpenReadings extends OpenHour {
  readonly aggregate: ReadingAggregate
  /** How many readings, or distinct members. */
  readonly count: number
}

/** Where the usage is, for the application and for dashboards. Its size follows the window, not the history. */
export interface UsageSummary {
  /** When this was the case, ms. */
  readonly now: number
  readonly open: readonly OpenHour[]
  /** Hours whose readings are no amount yet; what `open` has of such an hour comes on top. */
  readonly readings: readonly OpenReadings[]
  /** By meaning of the dimension, those of all customers together: what means different things is never added up. */
  readonly fractions: readonly AccountFraction[]
  /** What waits for an operator and is not sent by itself, oldest hour first. */
  readonly held: readonly HeldUsageSummary[]
  /** Of the last 48 hours: what came for a closed hour, by the hour that took it; it is counted there already. */
  readonly late: readonly OpenHour[]
  /** Sealed, sending and refused records, oldest first, `mostListed` of them. */
  readonly pending: readonly RecordSummary[]
  /** How many there are. */
  readonly pendingCount: number
  /** Accepted, unresolved and moved records of the last 48 hours, newest first, `mostListed` of them. */
  readonly settled: readonly RecordSummary[]
  /** Of any age. */
  readonly unresolvedCount: number
  readonly lastSuccessAt: number | undefined
  readonly lastFailure:
    { readonly at: number; readonly code: string; readonly message: string } | undefined
  readonly oldestUnsentHour: number | undefined
}

/** As much of a pending record as it takes to decide which one is sent next. */
export interface PendingRecord {
  readonly id: number
  /** Equal for records of the same slot. */
  readonly slot: number
  readonly hour: number
  readonly state: RecordState
  readonly lastCode: string | undefined
}

/** Which of the records that wait for AWS are asked for. */
export interface PendingPage {
  /** Only those that come after this one. */
  readonly after?: Pick<PendingRecord, 'hour' | 'id'> | undefined
  /** At most so many; all when absent. */
  readonly limit?: number | undefined
}

/** What dashboards watch. */
export interface LedgerGauges {
  readonly states: ReadonlyMap<RecordState, number>
  /** Micro-units in the places before `accepted`, by dimension. */
  readonly pending: ReadonlyMap<string, bigint>
  /** Micro-units that are held, by dimension; part of `pending`. */
  readonly held: ReadonlyMap<string, bigint>
  /** Hours that the guard holds, oldest first: AWS still accepts some of them. */
  readonly guardedHours: readonly number[]
  /** Hours of records that AWS has not accepted, with how many each has. */
  readonly unsentHours: ReadonlyMap<number, number>
  readonly oldestUnsentHour: number | undefined
  /** The oldest hour that is not sealed and could be. */
  readonly oldestOpenHour?: number | undefined
  /** The oldest hour with usage of a customer who is not registered, so that it cannot be sealed. */
  readonly oldestUnregisteredHour?: number | undefined
  /** What reading them cost the event loop; it grows with the open tag sets. */
  readonly cpuSeconds?: number
}

/** The hours that the guard holds, each once. */
export function hoursOfGuard(held: readonly HeldUsageSummary[]): number[] {
  return [...new Set(held.filter(({ reason }) => reason === 'guard').map(({ hour }) => hour))]
}

export interface OpenTagSet {
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly tags: TagSet
  readonly quantity: bigint
}

/** The task or pod that a book belongs to. */
export interface BookOwner {
  readonly identity: string
  /** When it first opened the book, ms. */
  readonly firstSeenAt: number
}

/** What an operator asks first: where the units are, and what waits for a decision. */
export interface LedgerOverview extends UsageSummary {
  /** All of them. */
  readonly pending: readonly RecordSummary[]
  /** Undefined while no task or pod has opened the book. */
  readonly owner: BookOwner | undefined
  readonly openByTags: readonly OpenTagSet[]
  /** All of them, however old, oldest first. */
  readonly unresolved: readonly RecordSummary[]
  /** All of it, newest first. */
  readonly voided: readonly VoidedUsageSummary[]
}

/** Usage that an operator wrote off. */
export interface VoidedUsageSummary {
  readonly recordId: number | undefined
  readonly productCode: string
  /** The key of the customer's registration; empty for the buyer. */
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly tags: TagSet
  readonly quantity: bigint
  readonly reason: string
  readonly at: number
}

/** The same with the allocations of every record, for programs. */
export interface WholeOverview extends LedgerOverview {
  readonly pending: readonly MeteringRecord[]
  readonly settled: readonly MeteringRecord[]
  readonly unresolved: readonly MeteringRecord[]
}

/** Where a book is kept: the names of its implementations. */
export const storeKinds = ['sqlite', 'postgres'] as const
export type StoreKind = (typeof storeKinds)[number]

export interface DiskSpace {
  /** Of the ledger's files. */
  readonly ledgerBytes: number
  /** Of the volume that they lie on: what can still be written, and the whole; undefined on another machine. */
  readonly freeBytes: number | undefined
  readonly volumeBytes: number | undefined
}

/** Usage of an hour that has no record yet. */
interface OpenUsageFound {
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
}

/** What a MeteringRecordId stands for. */
export type Found =
  | { readonly kind: 'record'; readonly record: MeteringRecord }
  | { readonly kind: 'open'; readonly open: OpenUsageFound }

export interface ExportFilter {
  /** Hours that start at this instant or later, ms. */
  readonly since: number | undefined
  /** Hours that start before this instant, ms. */
  readonly until: number | undefined
  readonly dimension: string | undefined
}

/** What the book has of one account, in millionths of what the application counts in. */
export interface AccountSums {
  readonly productCode: string
  readonly customer: string
  readonly dimension: string
  readonly divisor: bigint
  /** Counted on its own when a report arrives, so that the audit can fail. */
  readonly reported: bigint
  readonly open: bigint
  readonly fraction: bigint
  readonly held: bigint
  /** In records of any state but `moved`, the pruned ones included. */
  readonly recorded: bigint
  /** Written off by an operator. */
  readonly void: bigint
}

/** An id of AWS that several records bear: all but one of them were not billed. */
export interface SharedMeteringId {
  readonly meteringRecordId: string
  readonly records: readonly number[]
}

/** Whom the usage of a book is billed to. */
export interface Billed {
  /** Whether there is usage of buyers who run the task or pod. */
  readonly buyers: boolean
  /** Whether there is usage of customers. */
  readonly customers: boolean
  /** In which the customers are billed, those who were deleted too; undefined without any. */
  readonly region: string | undefined
}

/** What an audit finds wrong. */
export interface AuditFindings {
  /** The accounts that do not add up. */
  readonly unbalanced: readonly AccountSums[]
  /** AWS's ids that more than one record bears. */
  readonly sharedMeteringIds: readonly SharedMeteringId[]
}

/** What of an account's usage is in no place, or, below 0, in two; anything but 0 is a defect. */
export function imbalanceOf(sums: AccountSums): bigint {
  const { reported, open, fraction, held, recorded } = sums
  return reported - open - fraction - held - recorded - sums.void
}
