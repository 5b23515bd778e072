import type { Retention } from '../../retention.ts'
import type { Session } from '../connection/database.ts'
import { forgetReadings } from '../readings.ts'
import { pastSql } from '../server-time.ts'
import { forgetGone } from './forget-gone.ts'
import { forgetClaims, hasMoreClaims } from './write-claims.ts'

/** How many settled records one transaction forgets. */
const recordsAtOnce = 5000

/** Settled records from before $1, where the clock of this process is at $2. */
const oldRecordsSql = `FROM marketplace_sidecar.record WHERE state IN ('accepted', 'moved')
  AND hour < ${pastSql('$1', '$2')} AND settled_at < ${pastSql('$1', '$2')}`

/** Whether there is more that is old than one transaction forgets, of keys or of records. */
export async function hasMoreToForget(
  session: Session,
  { at, claimsBefore, settledBefore }: Retention,
): Promise<boolean> {
  if (await hasMoreClaims(session, { before: claimsBefore, at })) return true
  const rows = await session.query(`SELECT 1 ${oldRecordsSql} LIMIT 1 OFFSET ${recordsAtOnce}`, [
    settledBefore,
    at,
  ])
  return rows.length > 0
}

/**
 * Deletes what is old: idempotency keys, late usage, what was said of licences, settled records into the totals of
 * their accounts, and tasks and pods that are long gone.
 * Several sidecars may do so at once: each row is deleted, and counted, by one of them. Where the clock of one
 * is ahead of the server's, the server's decides.
 */
export async function forget(
  session: Session,
  { at, claimsBefore, settledBefore, lateUsageBefore, licencesBefore, readingsBefore }: Retention,
): Promise<void> {
  await forgetClaims(session, { before: claimsBefore, at })
  await session.query(
    `DELETE FROM marketplace_sidecar.late_usage WHERE hour < ${pastSql('$1', '$2')}`,
    [lateUsageBefore, at],
  )
  await session.query(`DELETE FROM marketplace_sidecar.licence WHERE at < ${pastSql('$1', '$2')}`, [
    licencesBefore,
    at,
  ])
  await forgetReadings(session, readingsBefore, at)
  await session.query(
    `WITH old AS MATERIALIZED (
       SELECT id, state ${oldRecordsSql}
       ORDER BY id LIMIT ${recordsAtOnce} FOR UPDATE SKIP LOCKED
     ), parts AS (
       DELETE FROM marketplace_sidecar.record_part USING old WHERE record_id = old.id
       RETURNING account_id, quantity, state
     ), gone AS (
       DELETE FROM marketplace_sidecar.record USING old WHERE record.id = old.id
     ), sums AS (
       SELECT account_id, SUM(quantity) AS quantity FROM parts WHERE state = 'accepted' GROUP BY account_id
     )
     UPDATE marketplace_sidecar.account SET pruned = pruned + sums.quantity * divisor
     FROM sums WHERE id = account_id`,
    [settledBefore, at],
  )
  await forgetGone(session, settledBefore, at)
}
