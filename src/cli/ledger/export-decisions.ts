import { isoOrNull, toIso } from '../../kernel/clock.ts'
import { mergeDecisions } from '../../ledger/decisions/trail.ts'
import { decisionsNote } from '../../store/summary.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { untagged } from '../../metering/tags.ts'
import type { BookReader } from '../../store/store.ts'
import type { ExportFilter } from '../../store/summary.ts'
import { tagsBody, type RecordBody } from './record-body.ts'

export const decisionColumns = [
  'number',
  'at',
  'action',
  'id',
  'dimension',
  'hour',
  'quantity',
  'reason',
  'customer',
] as const

/** What operators decided, oldest first, in the name of whichever task or pod. */
export async function decisionBodies(book: BookReader) {
  const decisions = mergeDecisions(await book.notes(decisionsNote))
  return decisions.map(({ at, hour, customer = '', ...rest }) => ({
    ...rest,
    customer,
    at: toIso(at),
    hour: isoOrNull(hour ?? undefined),
  }))
}

type Named = 'productCode' | 'customer' | 'dimension'

/** The members of a line for written-off usage; all others are null. */
const nothing: Readonly<Record<Exclude<keyof RecordBody, 'hour' | Named | 'state'>, null>> = {
  id: null,
  timestamp: null,
  quantity: null,
  divisor: null,
  allocations: null,
  ambiguous: null,
  attempts: null,
  meteringRecordId: null,
  lastCode: null,
  lastMessage: null,
  sealedAt: null,
  firstAttemptAt: null,
  lastAttemptAt: null,
  settledAt: null,
  movedTo: null,
  resource: null,
  clientToken: null,
}

/** Usage that was written off, oldest first; its quantity is in what the application counts, hence divisor 1. */
export async function voidBodies(book: BookReader, { since, until, dimension }: ExportFilter) {
  const { voided } = await book.overview(0)
  const isWanted = (row: (typeof voided)[number]) =>
    (since === undefined || row.hour >= since) &&
    (until === undefined || row.hour < until) &&
    (dimension === undefined || row.dimension === dimension)
  return voided
    .filter(isWanted)
    .toReversed()
    .map(({ recordId, hour, tags, quantity, reason, at, ...named }) => ({
      ...nothing,
      id: recordId ?? null,
      ...named,
      hour: toIso(hour),
      quantity: formatQuantity(quantity),
      divisor: 1,
      allocations:
        tags === untagged ? null : [{ tags: tagsBody(tags), quantity: formatQuantity(quantity) }],
      state: 'void',
      lastMessage: reason,
      settledAt: toIso(at),
    }))
}
