import { clusterHolder } from '../../../metering/slot.ts'
import { decisionsNote } from '../../summary.ts'
import type { Session } from '../connection/database.ts'
import { pastSql } from '../server-time.ts'

/** How many tasks or pods one transaction forgets: reports wait for it, 50 ms. */
const forgottenAtOnce = 200

/** Where a row of usage or of its history keeps its task or pod. */
const keeping = ['open', 'held', 'record', 'late_usage', 'reading_hour', 'reading']

/**
 * Deletes the rows of tasks and pods that gave no sign of life since `before` and of which nothing else is left: their
 * number would grow with every deployment. What they reported counts under the name of all from then on, so that every
 * sum stays. One that was only paused finds no lease, and begins anew. Several sidecars may do so at once.
 */
export async function forgetGone(session: Session, before: number, at: number): Promise<void> {
  const isForgotten = (table: string) =>
    `NOT EXISTS (SELECT FROM marketplace_sidecar.${table} WHERE ${table}.resource_id = lease.resource_id)`
  const ofAll = '(SELECT id FROM marketplace_sidecar.resource WHERE identity = $3)'
  const ofGone = (table: string) =>
    `DELETE FROM marketplace_sidecar.${table} USING gone WHERE ${table}.resource_id = gone.resource_id`
  await session.query(
    `WITH gone AS MATERIALIZED (
       SELECT lease.resource_id, identity, key_bytes FROM marketplace_sidecar.lease
       JOIN marketplace_sidecar.resource ON resource.id = lease.resource_id
       WHERE (incarnation IS NULL OR until < clock_timestamp())
         AND until > '-infinity' AND until < to_timestamp(${pastSql('$1', '$2')} / 1000)
         AND identity <> $3
         AND identity IS DISTINCT FROM (SELECT value FROM marketplace_sidecar.meta WHERE name = 'owner')
         AND NOT EXISTS (SELECT FROM marketplace_sidecar.note
                         WHERE note.resource_id = lease.resource_id AND note.name = $4)
         AND ${keeping.map(isForgotten).join('\n         AND ')}
       ORDER BY lease.resource_id LIMIT ${forgottenAtOnce} FOR UPDATE OF lease SKIP LOCKED
     ), reports AS (
       ${ofGone('reported')} RETURNING account_id, micro
     ), counted AS (
       INSERT INTO marketplace_sidecar.reported AS known (resource_id, account_id, micro)
       SELECT ${ofAll}, account_id, SUM(micro) FROM reports GROUP BY account_id ORDER BY account_id
       ON CONFLICT (resource_id, account_id) DO UPDATE SET micro = known.micro + excluded.micro
     ), keys AS (
       UPDATE marketplace_sidecar.lease SET key_bytes = lease.key_bytes + gone.bytes
       FROM (SELECT SUM(key_bytes) AS bytes FROM gone) AS gone
       WHERE gone.bytes <> 0 AND resource_id = ${ofAll}
     ), cursors AS (${ofGone('cursor')}), notes AS (${ofGone('note')}), leases AS (${ofGone('lease')}),
     slots AS (
       DELETE FROM marketplace_sidecar.slot USING gone WHERE channel = 'meter-usage' AND holder = gone.identity
         AND NOT EXISTS (SELECT FROM marketplace_sidecar.record WHERE slot_id = slot.id)
     )
     DELETE FROM marketplace_sidecar.resource USING gone WHERE resource.id = gone.resource_id`,
    [before, at, clusterHolder, decisionsNote],
  )
}
