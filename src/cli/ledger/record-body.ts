import { isoOrNull, toIso } from '../../kernel/clock.ts'
import { toNumber } from '../../metering/quantity.ts'
import { tagsOf } from '../../metering/tags.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import type { TagSet } from '../../metering/tags.ts'

/** A record as programs read it: every member is always there, null where there is nothing. */
export function recordBody(record: MeteringRecord) {
  return {
    id: record.id,
    hour: toIso(record.hour),
    timestamp: toIso(record.timestamp),
    customer: record.customer,
    dimension: record.dimension,
    quantity: toNumber(record.quantity),
    divisor: Number(record.divisor),
    allocations: allocationsBody(record),
    state: record.state,
    ambiguous: record.ambiguous,
    attempts: record.attempts,
    meteringRecordId: record.meteringRecordId ?? null,
    lastCode: record.lastCode ?? null,
    lastMessage: record.lastMessage ?? null,
    sealedAt: toIso(record.sealedAt),
    firstAttemptAt: isoOrNull(record.firstAttemptAt),
    lastAttemptAt: isoOrNull(record.lastAttemptAt),
    settledAt: isoOrNull(record.settledAt),
    movedTo: isoOrNull(record.movedTo),
    productCode: record.productCode,
    resource: record.resource,
    clientToken: record.clientToken,
  }
}

export type RecordBody = ReturnType<typeof recordBody>

export function tagsBody(tags: TagSet): Record<string, string> {
  return Object.fromEntries(tagsOf(tags).map(({ key, value }) => [key, value]))
}

function allocationsBody({ allocations }: MeteringRecord) {
  return (
    allocations?.map(({ tags, quantity }) => ({
      tags: tagsBody(tags),
      quantity: toNumber(quantity),
    })) ?? null
  )
}
