import type { NewClaim } from '../../changes.ts'
import { keyOfToken, textOfReceipts } from '../../claim-row.ts'

/** The columns of idempotency keys, in the order in which every transaction takes their rows. */
export function claimColumns(claims: readonly NewClaim[]) {
  const rows = claims
    .map((claim) => ({ ...claim, key: keyOfToken(claim.token) }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key))
  return {
    keys: rows.map(({ key }) => key),
    digests: rows.map(({ digest }) => Buffer.from(digest)),
    receipts: rows.map(({ receipts }) => textOfReceipts(receipts)),
    createdAt: rows.map(({ createdAt }) => createdAt),
  }
}
