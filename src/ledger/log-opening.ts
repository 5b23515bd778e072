import type { Log } from '../kernel/log.ts'
import type { Owner } from './ledger-owner.ts'

/** Logs that the book was left by another task or pod. */
export function logAdoption(
  { identity, adoptedFrom }: Pick<Owner, 'identity' | 'adoptedFrom'>,
  log: Log,
): void {
  if (adoptedFrom === undefined) return
  log(
    'ledger.adopted',
    `The ledger belonged to ${adoptedFrom}. What AWS had not taken is billed by ${identity} in its current hour; what AWS may have taken is unresolved, see "marketplace-sidecar ledger".`,
    { from: adoptedFrom },
  )
}
