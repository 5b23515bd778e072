import type { MeteringRecord } from '../../metering/record/record.ts'
import type { InsertedRecord } from '../page/page-records.ts'

/** The record that a sealed hour has become, before any attempt to send it. */
export function sealedRecord({
  id,
  slot,
  resource,
  content,
  sealedAt,
}: InsertedRecord): MeteringRecord {
  const [first] = content.parts
  return {
    ...content,
    id,
    slot,
    resource,
    customer: first?.account.customer ?? '',
    divisor: first?.account.divisor ?? 1n,
    state: 'sealed',
    attempts: 0,
    inFlight: false,
    ambiguous: false,
    meteringRecordId: undefined,
    lastCode: undefined,
    lastMessage: undefined,
    sealedAt,
    firstAttemptAt: undefined,
    lastAttemptAt: undefined,
    settledAt: undefined,
    movedTo: undefined,
  }
}
