import type { Registration } from '../metering/customer.ts'
import type { OpenHour } from '../metering/report.ts'
import type { RecordSummary } from '../metering/record/record.ts'
import type { HeldUsageSummary } from './summary.ts'

/** A customer in a list. */
export interface CustomerSummary {
  /** The application's key. */
  readonly customer: string
  /** The newest one; undefined while usage waits for a registration. */
  readonly registration: Registration | undefined
}

/** Where the usage of one customer is, under all of its registrations. */
export interface CustomerUsage extends CustomerSummary {
  readonly open: readonly OpenHour[]
  /** What is below one of AWS's whole units, by account. */
  readonly fractions: readonly { readonly dimension: string; readonly quantity: bigint }[]
  readonly held: readonly HeldUsageSummary[]
  /** Sealed, sending, refused and unresolved records, the oldest first. */
  readonly pending: readonly RecordSummary[]
  /** Accepted and moved records of the last 48 hours, the newest first. */
  readonly settled: readonly RecordSummary[]
}
