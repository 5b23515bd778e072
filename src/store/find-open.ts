import { sumOf } from '../metering/cell.ts'
import { referenceOf } from './reference.ts'
import type { Found, LedgerOverview } from './summary.ts'

/** Finds the open usage whose record will have this reference, in lower case: no record exists for it yet. */
export function findOpen(
  wanted: string,
  { owner, openByTags }: Pick<LedgerOverview, 'owner' | 'openByTags'>,
): Found | undefined {
  const cells = openByTags.filter(
    ({ customer, dimension, hour }) =>
      referenceOf({ resource: owner?.identity ?? '', customer, dimension, hour }) === wanted,
  )
  const [first] = cells
  if (first === undefined) return undefined
  const { customer, dimension, hour } = first
  return { kind: 'open', open: { customer, dimension, hour, quantity: sumOf(cells) } }
}
