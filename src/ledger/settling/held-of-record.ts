import { usageOfPart, type MeteringRecord } from '../../metering/record/record.ts'

/** What was held of a record. */
export function heldOfRecord({ dimension, hour, parts }: MeteringRecord) {
  const quantity = parts.flatMap(usageOfPart).reduce((sum, cell) => sum + cell.quantity, 0n)
  return { dimension, hour, quantity }
}
