import type { OpenCell } from './cell.ts'
import type { SealedContent } from './record.ts'

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
