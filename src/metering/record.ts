import type { TagSet } from './tags.ts'

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
  /** Whole units, 0 to 2147483647. */
  readonly quantity: number
  /** Undefined when none of the usage is tagged. */
  readonly allocations: readonly Allocation[] | undefined
  readonly clientToken: string
}

export interface MeteringRecord extends SealedContent {
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

/** A record without its allocations, which may be 2500: what lists of records hold. */
export type RecordSummary = Omit<MeteringRecord, 'allocations'>

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
