/**
 * The words of the account book. Quantities are micro-units (millionths of what the application
 * counts in) unless a name says `whole`; instants and hours are ms, an hour being named by its start.
 */

export const hourMs = 3_600_000

/** The start of the UTC hour that `instant` falls into. */
export function hourOf(instant: number): number {
  return Math.floor(instant / hourMs) * hourMs
}

/** A tag set in its one canonical form (see tags.ts); `untagged` for none. */
export type TagSet = string
export const untagged: TagSet = ''

export interface UsageReport {
  readonly dimension: string
  readonly quantity: bigint
  /** Undefined means: now. */
  readonly occurredAt: number | undefined
  readonly tags: TagSet
  readonly idempotencyKey: string | undefined
}

/** What one request reports: all of it is recorded, or nothing. */
export interface UsageRequest {
  readonly reports: readonly UsageReport[]
  /** Covers the whole request. */
  readonly idempotencyKey: string | undefined
}

export interface ReportReceipt {
  readonly result: 'accepted' | 'duplicate'
  /** The hour that took the usage. */
  readonly hour: number
  /** The usage's own hour was sealed already, so a later one took it. */
  readonly late: boolean
}

export const recordStates = [
  'sealed',
  'sending',
  'accepted',
  'refused',
  'unresolved',
  'moved',
] as const
/**
 * `moved` is not a place: such a record is the trace of one whose usage went back to an open hour,
 * and it keeps that hour closed for its key.
 */
export type RecordState = (typeof recordStates)[number]

export interface Allocation {
  readonly tags: TagSet
  /** Whole units. */
  readonly quantity: number
}

/** What a sealed hour sends to AWS; the same for every attempt. */
export interface SealedContent {
  readonly productCode: string
  readonly dimension: string
  readonly hour: number
  /** The instant inside the hour that AWS is told. */
  readonly timestamp: number
  /** Whole units, within `awsLimits.quantity`. */
  readonly quantity: number
  /** Undefined when none of the usage is tagged. */
  readonly allocations: readonly Allocation[] | undefined
  readonly clientToken: string
}

export interface UsageRecord extends SealedContent {
  readonly id: number
  readonly customer: string
  /** The task or pod that sealed it. */
  readonly resource: string
  readonly divisor: bigint
  readonly state: RecordState
  readonly attempts: number
  /** AWS may have taken it although no answer said so. */
  readonly ambiguous: boolean
  readonly meteringRecordId: string | undefined
  readonly lastCode: string | undefined
  readonly lastMessage: string | undefined
  readonly sealedAt: number
  readonly firstAttemptAt: number | undefined
  readonly lastAttemptAt: number | undefined
  readonly settledAt: number | undefined
  /** The hour that took the usage of a `moved` record. */
  readonly movedTo: number | undefined
}

/** A record without its allocations, which may be thousands: what lists of records hold. */
export type RecordSummary = Omit<UsageRecord, 'allocations'>

export interface OpenCell {
  readonly tags: TagSet
  readonly quantity: bigint
}

/** Everything that an hour of a key holds when it is about to be sealed. */
export interface SealInput {
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly cells: readonly OpenCell[]
  /** What earlier hours left below one whole unit. */
  readonly fraction: bigint
  /** Names the task or pod. */
  readonly resource: string
  readonly sealedAt: number
}

/** How a key's hour is closed. What goes in comes out: the ledger refuses a plan that does not add up. */
export interface SealPlan {
  /** Undefined when there is nothing to send. */
  readonly record: (SealedContent & { readonly divisor: bigint }) | undefined
  readonly fraction: bigint
  /** What a capped record could not take, for the first unsealed hour. */
  readonly carried: readonly OpenCell[]
}

/** What an attempt to send a record came to. */
export type Settlement =
  | { readonly kind: 'accepted'; readonly meteringRecordId: string }
  /** AWS certainly did not take it; the same content is tried again. */
  | { readonly kind: 'not-taken'; readonly code: string; readonly message: string }
  /** AWS may have taken it; the same content is tried again. */
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string }
  /** AWS said no for a reason that an operator can mend. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Another quantity stands for this hour. */
  | { readonly kind: 'hour-taken'; readonly code: string; readonly message: string }
  /** The hour can no longer be sent; `hold` keeps the record, `carry` moves its usage on. */
  | {
      readonly kind: 'too-late'
      readonly code: string
      readonly message: string
      readonly policy: 'carry' | 'hold'
    }

export interface KeyBalance {
  readonly customer: string
  readonly dimension: string
  readonly reported: bigint
  readonly open: bigint
  readonly fraction: bigint
  /** In records of any state but `moved`, the pruned ones included. */
  readonly recorded: bigint
  /** reported - open - fraction - recorded; anything but zero is a defect. */
  readonly imbalance: bigint
}

/** What dashboards watch. */
export interface LedgerGauges {
  readonly states: ReadonlyMap<RecordState, number>
  /** Micro-units in the places before `accepted`, by dimension. */
  readonly pending: ReadonlyMap<string, bigint>
  /** Hours of records that AWS has not accepted, with how many each has. */
  readonly unsentHours: ReadonlyMap<number, number>
  readonly oldestUnsentHour: number | undefined
}

export interface DiskSpace {
  /** Of the ledger's files. */
  readonly ledgerBytes: number
  /** Of the volume that they lie on: what can still be written, and the whole. */
  readonly freeBytes: number
  readonly volumeBytes: number
}

/** Usage of one dimension and hour. */
export interface OpenHour {
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
}
