import type { SealableHours, SharedRole } from '../view.ts'
import type { Session } from './connection/database.ts'
import { unsentSql } from './record-rows.ts'
import type { Scope } from './scope.ts'

/** Whether the account of a row goes into records of all tasks and pods. */
export const isSharedSql = `account_id IN (SELECT id FROM marketplace_sidecar.account
  WHERE scope = 'cluster' OR registration_id <> 0)`

/** Whether a task or pod left open usage of its own or records that wait for AWS; for a row of `lease`. */
export const leftSql = `
  EXISTS (SELECT FROM marketplace_sidecar.open
          WHERE open.resource_id = lease.resource_id AND NOT ${isSharedSql})
  OR EXISTS (SELECT FROM marketplace_sidecar.reading_hour
             WHERE reading_hour.resource_id = lease.resource_id AND NOT closed AND NOT ${isSharedSql})
  OR EXISTS (SELECT FROM marketplace_sidecar.record
             WHERE record.resource_id = lease.resource_id AND state IN ${unsentSql})`

/** How many tasks or pods live, and the first of them, which seals what all share. */
const livingSql = `SELECT count(*)::int AS living, min(resource_id) AS first
  FROM marketplace_sidecar.lease WHERE incarnation IS NOT NULL AND until > clock_timestamp()`

/**
 * The submitter is the living task or pod that was first in the book, so its lease is the submitter's.
 * Two that take themselves for it at a moment do no harm: a slot and hour has one record.
 */
export async function sharedRoleOf(
  session: Session,
  scope: Scope | undefined,
): Promise<SharedRole> {
  if (scope === undefined) return 'alone'
  const [row] = await session.query(livingSql)
  if (row?.['first'] !== scope.id) return 'member'
  return row['living'] === 1 ? 'alone' : 'submitter'
}

/** Whether a task or pod has usage that may be sealed, or readings of an hour that is over; any where it is undefined. */
export async function hasSealable(
  session: Session,
  scope: Scope | undefined,
  { before, endedBefore, sharedBefore = before }: SealableHours,
): Promise<boolean> {
  const own = '($3::int IS NULL OR resource_id = $3)'
  const withAccount = 'JOIN marketplace_sidecar.account ON account.id = account_id'
  const ofAll = "(scope = 'cluster' OR registration_id <> 0)"
  // The hour decides first: a book has open hours of tens of thousands of customers, of which few are due.
  const rows = await session.query(
    `WITH living AS (${livingSql}), shared AS (
       SELECT $3::int IS NULL OR $3 = first AS is_mine,
              CASE WHEN $3::int IS NULL OR living = 1 THEN $1::bigint ELSE least($1, $4::bigint) END AS before
       FROM living)
     SELECT 1 FROM shared, marketplace_sidecar.open ${withAccount}
     JOIN marketplace_sidecar.registration ON registration.id = registration_id
     WHERE is_mine AND hour < shared.before AND ${ofAll} AND form <> 'unregistered'
     UNION ALL SELECT 1 FROM shared, marketplace_sidecar.registration
     JOIN marketplace_sidecar.account ON registration_id = registration.id
     JOIN marketplace_sidecar.open ON account_id = account.id
     WHERE is_mine AND ended_at IS NOT NULL AND form <> 'unregistered' AND hour < $2
     UNION ALL SELECT 1 FROM marketplace_sidecar.open ${withAccount} WHERE ${own} AND hour < $1 AND NOT ${ofAll}
     UNION ALL SELECT 1 FROM shared, marketplace_sidecar.reading_hour ${withAccount}
     WHERE is_mine AND NOT closed AND hour < shared.before AND ${ofAll}
     UNION ALL SELECT 1 FROM marketplace_sidecar.reading_hour ${withAccount}
     WHERE ${own} AND NOT closed AND hour < $1 AND NOT ${ofAll} LIMIT 1`,
    [before, endedBefore, scope?.id, sharedBefore],
  )
  return rows.length > 0
}
