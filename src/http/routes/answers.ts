import type { EntitlementState } from '../../entitlement/transitions.ts'
import type { Aggregate } from '../../metering/account.ts'
import type { CustomerForm } from '../../metering/customer.ts'
import type { HeldReason } from '../../metering/held.ts'
import type { ReadingAggregate } from '../../metering/reading.ts'
import type { RecordState } from '../../metering/record/record-states.ts'
import type { StoreKind } from '../../store/summary.ts'

/**
 * The bodies of the answers, as an application or the status page reads them. Times are RFC 3339 in
 * UTC, and an hour is named by its start. docs/reference/http-api.md says what each member means.
 */
export interface EntitlementAnswer {
  readonly entitled: boolean
  readonly state: EntitlementState
  readonly code: string
  readonly message: string
  readonly since: string
  readonly productCode: string
  readonly route: string
  readonly region: string | null
  readonly publicKeyRotationAt: string | null
  readonly transitions: readonly TransitionAnswer[]
}

export interface TransitionAnswer {
  readonly at: string
  readonly from: EntitlementState
  readonly to: EntitlementState
  readonly code: string
}

export interface UsageAnswer {
  readonly now: string
  readonly sidecar: SidecarAnswer
  readonly store: StoreAnswer
  readonly dimensions: readonly DimensionAnswer[]
  readonly sources: readonly SourceAnswer[]
  readonly open: readonly HourAnswer[]
  readonly readings: readonly ReadingsAnswer[]
  readonly fractions: readonly FractionAnswer[]
  readonly held: readonly HeldAnswer[]
  readonly late: readonly HourAnswer[]
  readonly pending: readonly RecordAnswer[]
  readonly pendingCount: number
  readonly settled: readonly RecordAnswer[]
  readonly unresolvedCount: number
  readonly nextSendAt: string | null
  readonly lastSuccessAt: string | null
  readonly lastFailure: {
    readonly at: string
    readonly code: string
    readonly message: string
  } | null
  readonly oldestUnsentHour: string | null
}

/** The program that answers. */
export interface SidecarAnswer {
  readonly version: string
  /** The ECS task, or the EKS pod by its uid. */
  readonly resource: string
  readonly startedAt: string
}

/** Where the book is kept. Sizes are null where they are not known. */
export interface StoreAnswer {
  readonly kind: StoreKind
  /** Of the ledger's files, or of the database. */
  readonly ledgerBytes: number | null
  readonly freeBytes: number | null
  readonly volumeBytes: number | null
}

export interface DimensionAnswer {
  readonly name: string
  readonly unit: string | null
  readonly divisor: number
  readonly aggregate: Aggregate
}

/** Where the usage of some dimensions comes from. */
export interface SourceAnswer {
  readonly name: string
  readonly dimensions: readonly string[]
  /** When it was last in order. */
  readonly lastHeardAt: string | null
  /** Why it gave nothing, or not all, since then. */
  readonly lastFailure: { readonly at: string; readonly reason: string } | null
}

export interface HourAnswer {
  readonly dimension: string
  readonly hour: string
  readonly quantity: number
}

export interface ReadingsAnswer extends HourAnswer {
  readonly aggregate: ReadingAggregate
  readonly count: number
}

/** What is below one of AWS's units, in units of the application. */
export interface FractionAnswer {
  readonly dimension: string
  readonly quantity: number
}

export interface HeldAnswer extends HourAnswer {
  readonly id: number
  /** The application's key of the customer; null where the product has none. */
  readonly customer: string | null
  readonly reason: HeldReason
  readonly acceptedUntil: string | null
  readonly since: string
}

/** A customer of a SaaS product. */
export interface CustomerAnswer {
  readonly key: string
  readonly registered: boolean
  readonly active: boolean
  readonly billedBy: CustomerForm | null
  readonly accountId: string | null
  readonly licenseArn: string | null
  readonly identifier: string | null
  readonly registeredAt: string | null
  readonly endedAt: string | null
}

/** A page of customers in the order of their keys. */
export interface CustomersAnswer {
  readonly customers: readonly CustomerAnswer[]
  /** The last key, if there are more. */
  readonly next: string | null
}

export interface CustomerUsageAnswer extends CustomerAnswer {
  readonly open: readonly HourAnswer[]
  readonly fractions: readonly FractionAnswer[]
  readonly held: readonly HeldAnswer[]
  readonly pending: readonly RecordAnswer[]
  readonly settled: readonly RecordAnswer[]
}

export interface RecordAnswer {
  readonly id: number
  /** The application's key of the customer; null where the product has none. */
  readonly customer: string | null
  readonly dimension: string
  readonly hour: string
  readonly quantity: number
  readonly state: RecordState
  readonly attempts: number
  readonly meteringRecordId: string | null
  readonly lastAttemptAt: string | null
  readonly lastCode: string | null
  readonly lastMessage: string | null
  readonly settledAt: string | null
  readonly movedTo: string | null
  /** When AWS stops accepting a record of its hour; null once the record is settled. */
  readonly acceptedUntil: string | null
}
