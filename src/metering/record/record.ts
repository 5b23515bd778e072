import type { AccountKey } from '../account.ts'
import type { QuantityForm } from '../amount.ts'
import { byTags, type OpenCell } from '../cell.ts'
import type { RecordState } from './record-states.ts'
import type { Slot } from '../slot.ts'
import { untagged, type TagSet } from '../tags.ts'

/** The share of a record's quantity that AWS books under one tag set. */
export interface Allocation {
  readonly tags: TagSet
  /** Millionths of AWS's unit. */
  readonly quantity: bigint
}

/** What a sealed hour sends to AWS; the same for every attempt. Instants, here and in the book, are ms. */
export interface SealedContent {
  readonly productCode: string
  readonly dimension: string
  readonly hour: number
  /** The record's timestamp: an instant inside the hour. */
  readonly timestamp: number
  /** Millionths of AWS's unit, 0 to 2147483647 units. */
  readonly quantity: bigint
  /** Where it is `whole`, so is every quantity. */
  readonly form: QuantityForm
  /** Undefined when none of the usage is tagged. */
  readonly allocations: readonly Allocation[] | undefined
  readonly clientToken: string
}

/** What one account gave to a record. Settling, moving and the audit work on parts. */
export interface RecordPart {
  readonly account: AccountKey
  /** Millionths of AWS's unit. */
  readonly quantity: bigint
  /** Undefined when none of them is tagged. */
  readonly allocations: readonly Allocation[] | undefined
}

/** A record as the book has it. */
export interface MeteringRecord extends SealedContent {
  readonly id: number
  readonly slot: Slot
  readonly parts: readonly RecordPart[]
  /** The key of the customer's registration; empty for the buyer. */
  readonly customer: string
  /** The task or pod that sends it: the one that sealed it, or that took it over. */
  readonly resource: string
  /** That of its first part. Parts have different divisors only when the product file changed in the hour. */
  readonly divisor: bigint
  readonly state: RecordState
  readonly attempts: number
  /** An attempt has begun, and its answer is not stored yet. */
  readonly inFlight: boolean
  /** AWS may have accepted it although no answer said so. */
  readonly ambiguous: boolean
  readonly meteringRecordId: string | undefined
  readonly lastCode: string | undefined
  readonly lastMessage: string | undefined
  readonly sealedAt: number
  readonly firstAttemptAt: number | undefined
  readonly lastAttemptAt: number | undefined
  readonly settledAt: number | undefined
  /** The hour that received the usage of a `moved` record. */
  readonly movedTo: number | undefined
}

/** A record in a list: without its parts and its allocations, of which there may be 2500. */
export type RecordSummary = Omit<MeteringRecord, 'allocations' | 'parts' | 'slot' | 'divisor'>

/** What happens to usage whose hour AWS no longer accepts: a later hour bills it, or it is held for an operator. */
export const lateUsagePolicies = ['carry', 'hold'] as const
export type LateUsagePolicy = (typeof lateUsagePolicies)[number]

/** The outcome of an attempt to send a record. */
export type Settlement =
  | { readonly kind: 'accepted'; readonly meteringRecordId: string }
  /** AWS certainly did not accept it; the same content is sent again. */
  | { readonly kind: 'not-taken'; readonly code: string; readonly message: string }
  /** AWS may have accepted it; the same content is sent again. */
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string }
  /** AWS refused it for a reason that an operator can fix. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** AWS has another quantity for this customer and hour: what it bills has to be compared by a person. */
  | { readonly kind: 'another-stands'; readonly code: string; readonly message: string }
  /** AWS already has a record of another quantity for this hour. */
  | { readonly kind: 'hour-taken'; readonly code: string; readonly message: string }
  /** The hour has not begun at AWS and is not waited for: its usage goes to AWS's current hour. */
  | { readonly kind: 'too-early'; readonly code: string; readonly message: string }
  /** The hour can no longer be sent; `hold` keeps the record, `carry` moves its usage on. */
  | {
      readonly kind: 'too-late'
      readonly code: string
      readonly message: string
      readonly policy: LateUsagePolicy
    }

/** Reports whether AWS may have accepted it: an attempt is under way, or the answer to one was lost. */
export function possiblyTaken(record: Pick<MeteringRecord, 'inFlight' | 'ambiguous'>): boolean {
  return record.inFlight || record.ambiguous
}

/** Returns the usage of a part in millionths by tag set, as it goes back to an open hour. */
export function usageOfPart({ account, quantity, allocations }: RecordPart): OpenCell[] {
  return (allocations ?? [{ tags: untagged, quantity }])
    .filter((share) => share.quantity > 0n)
    .map((share) => ({ tags: share.tags, quantity: share.quantity * account.divisor }))
}

/** Returns the allocations of all parts as one list, by tag set; undefined when nothing is tagged. */
export function mergeAllocations(parts: readonly RecordPart[]): SealedContent['allocations'] {
  const [first, ...rest] = parts
  if (rest.length === 0) return first?.allocations
  if (parts.every(({ allocations }) => allocations === undefined)) return undefined
  const sums = new Map<TagSet, bigint>()
  for (const { quantity, allocations = [{ tags: untagged, quantity }] } of parts)
    for (const share of allocations)
      sums.set(share.tags, (sums.get(share.tags) ?? 0n) + share.quantity)
  return [...sums]
    .filter(([, quantity]) => quantity > 0n)
    .map(([tags, quantity]) => ({ tags, quantity }))
    .toSorted(byTags)
}
