import { createHash } from 'node:crypto'
import type { SealedContent } from '../../metering/record.ts'

/**
 * The ClientToken of a record: a hash of all that AWS is told, and of the task or pod. The SDKs would
 * fill in a random one for each attempt, and AWS could not tell a repetition from a new record.
 */
export function clientTokenOf(
  resource: string,
  content: Omit<SealedContent, 'clientToken'>,
): string {
  const { productCode, dimension, timestamp, quantity, allocations } = content
  const parts = allocations?.map(({ tags, quantity: share }) => [tags, share]) ?? null
  const told = JSON.stringify([resource, productCode, dimension, timestamp, quantity, parts])
  return createHash('sha256').update(told).digest('hex')
}
