import type { CallOutcome } from '../kernel/events.ts'
import type { Result } from '../kernel/result.ts'
import type { QuantityForm } from '../metering/amount.ts'
import type { CustomerNames } from '../metering/customer.ts'
import type { Tag } from '../metering/tags.ts'

/**
 * Why AWS did not do what was asked. `throttled` and `unavailable` pass by themselves; `credentials`,
 * `misconfigured` and `not-entitled` pass when an operator acts; the others never pass for this request.
 */
export type FailureKind = Exclude<CallOutcome, 'ok'>

export interface MeteringFailure {
  /** AWS's error name, such as `ThrottlingException`, or the network's code, such as `ECONNREFUSED`. */
  readonly code: string
  /** AWS's own words. */
  readonly message: string
  readonly kind: FailureKind
  /** AWS may have done what was asked although no answer said so. */
  readonly ambiguous: boolean
  /** What the operator should do, a sentence. */
  readonly advice: string
  /** AWS's id of the request, which AWS's support asks for; undefined when AWS did not answer. */
  readonly requestId?: string | undefined
}

/** AWS's answer to one call, or why there is none that helps. */
export type MeteringResult<T> = Result<T, MeteringFailure>

export interface RegisterUsageRequest {
  readonly productCode: string
  readonly publicKeyVersion: number
  /** At most `awsLimits.nonceLength` characters, fresh for each call. */
  readonly nonce: string
}

export interface RegisterUsageValue {
  /** The JWT exactly as AWS sent it; nothing about it has been checked. */
  readonly signature: string
  /** When the key version that was sent expires or expired, ms; only when AWS said so. */
  readonly publicKeyRotationAt: number | undefined
}

export interface TaggedQuantity {
  /** Millionths of AWS's unit. */
  readonly quantity: bigint
  /** Empty for the untagged part. */
  readonly tags: readonly Tag[]
}

/** The usage of one dimension in one hour, as a record of either operation has it. */
interface RecordedUsage {
  readonly dimension: string
  /** An instant inside the hour, ms. AWS rounds it down to the hour. */
  readonly timestamp: number
  /** Millionths of AWS's unit, 0 to `awsLimits.quantity` units. */
  readonly quantity: bigint
  /** How the quantity and those of all allocations are sent. */
  readonly form: QuantityForm
  /** Their quantities add up to `quantity`; undefined when no usage is tagged. */
  readonly allocations?: readonly TaggedQuantity[] | undefined
}

export interface MeterUsageRequest extends RecordedUsage {
  readonly productCode: string
  /** 1 to 64 characters, the same for every attempt to send the same record. */
  readonly clientToken: string
}

export interface MeterUsageValue {
  readonly meteringRecordId: string
}

/** A record of a customer, whom AWS knows by one of the names or by account and licence. */
export interface BatchRecord extends CustomerNames, RecordedUsage {}

export interface BatchMeterUsageRequest {
  /** Undefined where the customers' licences name the product. */
  readonly productCode: string | undefined
  /** At most `awsLimits.recordsPerBatch`; none only asks whether metering is permitted. */
  readonly records: readonly BatchRecord[]
}

export type BatchRecordResult =
  | { readonly status: 'Success'; readonly meteringRecordId: string }
  | { readonly status: 'CustomerNotSubscribed' | 'DuplicateRecord' | 'Unprocessed' }

export interface BatchMeterUsageValue {
  /** In the order of the records; undefined for one that AWS left out. */
  readonly results: readonly (BatchRecordResult | undefined)[]
}

export interface DryRunRequest {
  readonly productCode: string
  readonly dimension: string
  /** The instant of the call, ms. */
  readonly timestamp: number
}

/** What the application may ask of AWS through the sidecar, apart from recording usage. */
type ForwardedOperation = 'MeterUsage' | 'BatchMeterUsage' | 'ResolveCustomer'

/**
 * The only way to the AWS Marketplace Metering Service. Every method makes exactly one call and never
 * throws for what AWS or the network answers; the caller decides whether and when to retry.
 */
export interface MeteringApi {
  registerUsage(request: RegisterUsageRequest): Promise<MeteringResult<RegisterUsageValue>>
  meterUsage(request: MeterUsageRequest): Promise<MeteringResult<MeterUsageValue>>
  /** Records of customers, all in one call. A success of the call is none of a record: its result decides. */
  batchMeterUsage(request: BatchMeterUsageRequest): Promise<MeteringResult<BatchMeterUsageValue>>
  /** Asks with MeterUsage and DryRun whether metering is permitted. Both of AWS's ways to say yes succeed. */
  dryRun(request: DryRunRequest): Promise<MeteringResult<undefined>>
  /**
   * Forwards a call of the application, JSON, with the sidecar's credentials; the value is AWS's
   * answer, to be written as JSON again and not to be read. MeterUsage is forwarded only with DryRun,
   * because records go through the ledger. DryRunOperation is a failure here, as AWS answered it.
   */
  forward(operation: ForwardedOperation, body: string): Promise<MeteringResult<object>>
  /** Ends idle connections without waiting for calls under way. */
  close(): void
}
