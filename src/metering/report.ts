import type { CustomerIdentity, CustomerNames } from './customer.ts'
import type { TagSet } from './tags.ts'

/** One amount that the application reports, or one reading. Instants are ms. */
export interface UsageReport {
  readonly dimension: string
  /** Who is counted, for `unique` alone; only its hash is kept. */
  readonly member?: string | undefined
  /** The application's key of the customer; absent where the buyer runs the task or pod. */
  readonly customer?: string | undefined
  /** Which of the customer's registrations is billed; the one that receives the hour where it is absent. */
  readonly identity?: CustomerIdentity | undefined
  /** Micro-units. */
  readonly quantity: bigint
  /** Now when undefined. */
  readonly occurredAt: number | undefined
  /** When usage was counted that is so late that it belongs to the hour it arrives in; a repeat names the same. */
  readonly countedAt?: number | undefined
  readonly tags: TagSet
  readonly idempotencyKey: string | undefined
}

/** What one request reports. The ledger records all of it or nothing. */
export interface UsageRequest {
  readonly reports: readonly UsageReport[]
  /** Covers the whole request. */
  readonly idempotencyKey: string | undefined
  /** The reports are one record by AWS's rule: for `key` the first content stands. Absent where calls add up. */
  readonly record?: RecordRule | undefined
}

interface RecordRule {
  /** Names operation, AWS identity, dimension and hour. */
  readonly key: string
  /** Names that the same record may have been reported under before. */
  readonly earlierKeys?: readonly string[] | undefined
  /** How old an hour may be when AWS accepts its record, ms. */
  readonly windowMs: number
}

/** The answer to one report. */
export interface ReportReceipt {
  readonly result: 'accepted' | 'duplicate'
  /** The start of the hour that the usage was recorded in, ms. */
  readonly hour: number
  /** The usage's own hour was already sealed, so it was recorded in a later one. */
  readonly late: boolean
  /** False for a reading that came when its hour was over and that changes no amount. */
  readonly counted?: false | undefined
}

/** A record as the application gives it to AWS: all usage of a customer of AWS in a dimension and hour. */
export interface CustomerRecord {
  readonly names: CustomerNames
  readonly dimension: string
  readonly occurredAt: number
  /** What it consists of, each with tags of its own. */
  readonly parts: readonly { readonly quantity: bigint; readonly tags: TagSet }[]
}

/** What happened to one record of a batch. */
export interface RecordOutcome {
  /** The key of the customer. */
  readonly customer: string
  /** Undefined where another content of the same record came before, and stands. */
  readonly receipt: ReportReceipt | undefined
}

/** Usage of one dimension and hour. */
export interface OpenHour {
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
}
