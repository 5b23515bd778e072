import type { NewClaim } from '../../changes.ts'
import { keyOfToken, textOfReceipts } from '../../claim-row.ts'
import { bytesOfClaims } from '../../room-of-keys.ts'
import type { ClaimRow } from '../../whole-book.ts'
import type { Session } from '../connection/database.ts'
import { datedSql, pastSql, serverNow } from '../server-time.ts'

/** How many idempotency keys one transaction forgets. */
export const forgottenAtOnce = 5000

/** What a key takes in the table and its indexes without its receipts, as measured. */
const bytesOfKey = 170

/** Returns what keys will take. */
export function roomOfClaims(claims: readonly NewClaim[]): number {
  return bytesOfClaims(claims, bytesOfKey)
}

/** Adds the arrays of `claimColumns`, whose places in the statement are `places`; `counted` has one row. */
export function insertClaimsSql(places: readonly string[], counted?: string): string {
  const from = counted === undefined ? '' : `${counted}, `
  return `INSERT INTO marketplace_sidecar.idempotency (key, digest, receipts, created_at, bytes)
    SELECT k, d, t, ${datedSql('c')} + l, ${bytesOfKey} + length(t) FROM ${from}unnest(${places.join(', ')}) AS n(k, d, t, c, l)
    ORDER BY k`
}

/** The columns of idempotency keys with their types, in the order in which every transaction takes their rows. */
export function claimColumns(
  claims: readonly NewClaim[],
): (readonly [type: string, items: readonly unknown[]])[] {
  const rows = claims
    .map((claim) => ({ ...claim, key: keyOfToken(claim.token) }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key))
  return [
    ['bytea', rows.map(({ key }) => key)],
    ['bytea', rows.map(({ digest }) => Buffer.from(digest))],
    ['text', rows.map(({ receipts }) => textOfReceipts(receipts))],
    ['bigint', rows.map(({ createdAt }) => createdAt)],
    ['bigint', rows.map(({ keptLongerMs = 0 }) => keptLongerMs)],
  ]
}

/** Adds keys in a transaction, and counts their size for this task or pod. */
export async function writeClaims(
  session: Session,
  claims: readonly NewClaim[],
  resourceId: number,
): Promise<void> {
  const columns = claimColumns(claims)
  await session.query(
    insertClaimsSql(columns.map(([type], index) => `$${index + 1}::${type}[]`)),
    columns.map(([, items]) => items),
  )
  await session.query(
    'UPDATE marketplace_sidecar.lease SET key_bytes = key_bytes + $2 WHERE resource_id = $1',
    [resourceId, roomOfClaims(claims)],
  )
}

/** Adds keys of a book in a file as it has them, new from the server's time on: its clock may have been behind. */
export async function receiveClaims(
  session: Session,
  claims: readonly ClaimRow[],
  resourceId: number,
): Promise<void> {
  await session.query(
    `WITH n AS (
       INSERT INTO marketplace_sidecar.idempotency (key, digest, receipts, created_at, bytes)
       SELECT k, d, t, greatest(c, ${serverNow}), ${bytesOfKey} + length(t)
       FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bigint[]) AS n(k, d, t, c)
       ON CONFLICT DO NOTHING RETURNING bytes
     )
     UPDATE marketplace_sidecar.lease
     SET key_bytes = key_bytes + (SELECT coalesce(sum(bytes), 0) FROM n) WHERE resource_id = $5`,
    [
      claims.map(({ key }) => Buffer.from(key)),
      claims.map(({ digest }) => Buffer.from(digest)),
      claims.map(({ receipts }) => receipts),
      claims.map(({ createdAt }) => createdAt),
      resourceId,
    ],
  )
}

/**
 * Deletes keys that are older than `before`, where the clock of this process is at `at`; a bounded number of them. The
 * database counts that they are gone, for this task or pod, even if another stored them: only the sum over all has a meaning.
 */
export async function forgetClaims(
  session: Session,
  { before, at }: { readonly before: number; readonly at: number },
): Promise<void> {
  await session.query(
    `DELETE FROM marketplace_sidecar.idempotency WHERE key IN (
       SELECT key FROM marketplace_sidecar.idempotency WHERE created_at < ${pastSql('$1', '$2')}
       ORDER BY created_at LIMIT ${forgottenAtOnce} FOR UPDATE SKIP LOCKED)`,
    [before, at],
  )
}

/** Whether there are more keys of that age than are forgotten at once. */
export async function hasMoreClaims(
  session: Session,
  { before, at }: { readonly before: number; readonly at: number },
): Promise<boolean> {
  const rows = await session.query(
    `SELECT 1 FROM marketplace_sidecar.idempotency WHERE created_at < ${pastSql('$1', '$2')}
     LIMIT 1 OFFSET ${forgottenAtOnce}`,
    [before, at],
  )
  return rows.length > 0
}

/** What the keys of all tasks and pods take. */
export async function bytesOfAllClaims(session: Session): Promise<number> {
  const [row] = await session.query(
    'SELECT coalesce(sum(key_bytes), 0)::bigint AS bytes FROM marketplace_sidecar.lease',
  )
  return row?.['bytes'] as number
}
