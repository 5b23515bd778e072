import type { OperatorAction } from '../../../metering/record/operator-table.ts'
import type { RecordSummary } from '../../../metering/record/record.ts'
import type { TagSet } from '../../../metering/tags.ts'
import type { UsageSummary } from '../../../store/summary.ts'

/** What an operator wants written off that is in no record. */
interface UsageToVoid {
  readonly dimension: string
  /** In micro-units. */
  readonly quantity: bigint
  /** Undefined for usage of any tag set. */
  readonly tags: TagSet | undefined
  /** Empty for usage of no customer. */
  readonly customer: string
  readonly reason: string
}

/** What became of a decision. */
export interface Decided {
  /** As it stands afterwards; undefined for held and open usage. */
  readonly record: RecordSummary | undefined
  /** The hour that the usage is billed with; undefined where it is not moved. */
  readonly billedWith: number | undefined
}

type RecordAction = Exclude<OperatorAction, 'release' | 'resolve-resend' | 'void'>

/** What operators decide, as the routes see it. Decisions resolve when they are on disk. */
export interface OperatorDesk {
  /** Open and held usage, and every record that waits for AWS or for a person. */
  undecided(): Promise<
    Pick<UsageSummary, 'now' | 'open' | 'held'> & { readonly records: readonly RecordSummary[] }
  >
  /** Rejects with OperatorNotAllowed where the product file forbids the action to operators. */
  decide(action: RecordAction, id: number): Promise<Decided>
  /** Rejects with RecordWindowOpen while AWS accepts the record, without `force`. */
  resend(id: number, force: boolean): Promise<Decided>
  release(id: number): Promise<Decided>
  voidRecord(id: number, reason: string): Promise<Decided>
  voidUsage(usage: UsageToVoid): Promise<Decided>
}
