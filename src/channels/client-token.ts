import { createHash } from 'node:crypto'
import type { QuantityForm } from '../metering/amount.ts'
import { formatQuantity, toNumber } from '../metering/quantity.ts'
import type { SealedContent } from '../metering/record/record.ts'

/**
 * The ClientToken of a record: a hash of everything that AWS receives, and of the task or pod. The SDKs
 * would fill in a random one for each attempt, and AWS could not tell a repeat from a new record.
 */
export function clientTokenOf(
  resource: string,
  content: Omit<SealedContent, 'clientToken'>,
): string {
  const { productCode, dimension, timestamp, form, allocations } = content
  const parts = allocations?.map(({ tags, quantity }) => [tags, sentAs(form, quantity)]) ?? null
  const quantity = sentAs(form, content.quantity)
  const sent = JSON.stringify([resource, productCode, dimension, timestamp, quantity, parts])
  return createHash('sha256').update(sent).digest('hex')
}

function sentAs(form: QuantityForm, quantity: bigint): number | string {
  return form === 'whole' ? toNumber(quantity) : formatQuantity(quantity)
}
