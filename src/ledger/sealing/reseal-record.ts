import { hourOf, recordTimestamp } from '../../metering/hour.ts'
import {
  possiblyTaken,
  type MeteringRecord,
  type SealedContent,
} from '../../metering/record/record.ts'
import type { Page } from '../page/page.ts'

/** AWS's answers to allocations that it does not accept, whatever the record is worth. */
const allocationErrors: readonly (string | undefined)[] = [
  'InvalidTagException',
  'InvalidUsageAllocationsException',
]

/**
 * Seals a record again that AWS certainly does not have and cannot accept as it is: same slot, hour and quantity,
 * and another client token. It loses its tags where AWS refused those, and gets the time of `now` where it was
 * sealed by a clock ahead of AWS's and its hour has begun there. Undefined, and nothing is changed, for any other
 * record.
 */
export function resealRecord(
  page: Page,
  id: number,
  now: number,
  clientTokenOf: (resource: string, content: Omit<SealedContent, 'clientToken'>) => string,
): MeteringRecord | undefined {
  const record = page.record(id)
  if (record === undefined || possiblyTaken(record)) return undefined
  const isUntagged = hasRefusedTags(record)
  if (!isUntagged && !isTooEarly(record, now)) return undefined
  const changed = isUntagged
    ? withoutTags(record)
    : { ...record, timestamp: recordTimestamp(record.hour, now) }
  const clientToken = clientTokenOf(record.resource, changed)
  return page.reseal({ ...changed, clientToken }, isUntagged)
}

function withoutTags(record: MeteringRecord): MeteringRecord {
  const parts = record.parts.map((part) => ({ ...part, allocations: undefined }))
  return { ...record, parts, allocations: undefined }
}

function hasRefusedTags({ state, allocations, lastCode }: MeteringRecord): boolean {
  return state === 'refused' && allocations !== undefined && allocationErrors.includes(lastCode)
}

function isTooEarly({ state, hour, timestamp }: MeteringRecord, now: number): boolean {
  return state === 'sealed' && hour <= hourOf(now) && timestamp > now
}
