import type { Session } from '../connection/database.ts'
import type { Names } from '../names.ts'
import { selectRecords, unsentSql, wholeRecords } from '../record-rows.ts'
import type { Loaded } from './loaded.ts'
import type { InView } from './load-open.ts'
import { all } from './shelf.ts'

/** How many records of dead tasks or pods one transaction takes over. */
const recordsTakenOverAtOnce = 500

/** Loads the records in flight of this task or pod, and the first of those that others left. */
export async function loadWaiting(
  session: Session,
  names: Names,
  { inFlight, left }: Loaded['ofTransaction'],
  { scope, resources }: InView,
): Promise<void> {
  const select = `${selectRecords} WHERE record.state IN ${unsentSql}`
  const inOrder = 'ORDER BY record.hour, record.id'
  if (inFlight.isWaiting) {
    const rows = await session.query(
      `${select} AND in_flight AND ($1::int IS NULL OR record.resource_id = $1)
         ${inOrder} FOR NO KEY UPDATE OF record`,
      [scope?.id],
    )
    inFlight.put(all, await wholeRecords(session, names, rows))
  }
  if (left.isWaiting) {
    const rows = await session.query(
      `${select} AND record.resource_id = ANY($1::int[]) AND record.resource_id <> $2
         ${inOrder} LIMIT ${recordsTakenOverAtOnce} FOR NO KEY UPDATE OF record`,
      [resources ?? [], scope?.id ?? 0],
    )
    left.put(all, await wholeRecords(session, names, rows))
  }
}
