import { sumOf } from '../metering/cell.ts'
import { referenceOf } from './reference.ts'
import type { Found, LedgerOverview } from './summary.ts'

/** Finds the open usage, readings included, whose record will have this reference, in lower case: no record exists for it yet. */
export function findOpen(
  wanted: string,
  { owner, openByTags, readings }: Pick<LedgerOverview, 'owner' | 'openByTags' | 'readings'>,
): Found | undefined {
  // Readings are the buyer's: usage of customers has none.
  const open = [...openByTags, ...readings.map((each) => ({ ...each, customer: '' }))]
  const cells = open.filter(
    ({ customer, dimension, hour }) =>
      referenceOf({ resource: owner?.identity ?? '', customer, dimension, hour }) === wanted,
  )
  const [first] = cells
  if (first === undefined) return undefined
  const { customer, dimension, hour } = first
  return { kind: 'open', open: { customer, dimension, hour, quantity: sumOf(cells) } }
}
