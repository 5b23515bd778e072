import { possiblyTaken, type MeteringRecord, type SealedContent } from '../../metering/record.ts'
import type { Page } from '../page/page.ts'

/** AWS's answers to allocations that it does not accept, whatever the record is worth. */
const allocationErrors = ['InvalidTagException', 'InvalidUsageAllocationsException']

/**
 * Seals a record again without tags after AWS refused its tags or allocations: same slot, hour and quantity, and
 * another client token. Undefined, and nothing is changed, for any other record and for one that AWS may have.
 */
export function resealUntagged(
  page: Page,
  id: number,
  clientTokenOf: (resource: string, content: Omit<SealedContent, 'clientToken'>) => string,
): MeteringRecord | undefined {
  const record = page.record(id)
  if (record?.state !== 'refused' || possiblyTaken(record)) return undefined
  if (record.allocations === undefined || !allocationErrors.includes(record.lastCode ?? ''))
    return undefined
  const clientToken = clientTokenOf(record.resource, { ...record, allocations: undefined })
  return page.untag(record, clientToken)
}
