import type { AccountKey } from '../account.ts'
import type { OpenCell } from '../cell.ts'
import type { RecordPart, SealedContent } from './record.ts'

/** What an account holds of an hour that is about to be sealed. */
export interface SealAccount {
  readonly account: AccountKey
  readonly cells: readonly OpenCell[]
  /** What earlier hours left over: less than AWS accepted then. */
  readonly fraction: bigint
}

/** Everything that goes into the record of one slot and hour. */
export interface SealInput {
  readonly productCode: string
  readonly dimension: string
  readonly hour: number
  /** At least one. The plan depends on their order. */
  readonly accounts: readonly SealAccount[]
  /** Names the task or pod. */
  readonly resource: string
  readonly sealedAt: number
}

/** What is left of an account after its hour was sealed. */
export interface SealRest {
  readonly fraction: bigint
  /** What a capped record could not hold, for the first unsealed hour. */
  readonly carried: readonly OpenCell[]
}

/** A record's content, and the part of each account. */
export interface PlannedRecord extends SealedContent {
  readonly parts: readonly RecordPart[]
}

/** How a slot's hour is closed. The ledger refuses a plan that does not add up. */
export interface SealPlan {
  /** Undefined when there is nothing to send. */
  readonly record: PlannedRecord | undefined
  /** In the order of the input's accounts. */
  readonly rests: readonly SealRest[]
}
