import { SidecarError } from '../kernel/errors.ts'
import type { NewClaim } from './changes.ts'
import { textOfReceipts } from './claim-row.ts'

/** Returns what keys will take where one without receipts takes `bytesOfKey`. */
export function bytesOfClaims(claims: readonly NewClaim[], bytesOfKey: number): number {
  return claims.reduce((sum, { receipts }) => sum + bytesOfKey + textOfReceipts(receipts).length, 0)
}

/** Reports with new keys are refused: no key younger than 24 hours is ever dropped. */
export function keysFull(limitBytes: number): SidecarError {
  return new SidecarError(
    'LedgerFull',
    `The idempotency keys of the last 25 hours take ${Math.round(limitBytes / 1e6)} MB, all that the ledger has for them, so nothing of this was recorded. Report less often, with larger quantities or in batches that have one key. Reports without keys are recorded.`,
  )
}
