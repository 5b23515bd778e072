import type { MeteringRecord } from '../../metering/record/record.ts'
import { unsentStates } from '../../metering/record/record-states.ts'
import { partOf, wholeRecord } from '../record-row.ts'
import type { Row, Session } from './connection/database.ts'
import type { Names } from './names.ts'

const select = (more: string) => `
  SELECT record.*, channel, holder, product_code, dimension, identity AS resource${more}
  FROM marketplace_sidecar.record
  JOIN marketplace_sidecar.slot ON slot.id = slot_id
  JOIN marketplace_sidecar.resource ON resource.id = resource_id`

/** The columns of a record, without its parts; the caller appends WHERE and ORDER BY. */
export const selectRecords = select('')

/** The same with the customer of the first part, for lists. */
export const selectSummaries = select(`,
  (SELECT customer FROM marketplace_sidecar.record_part
   JOIN marketplace_sidecar.account ON account.id = account_id
   JOIN marketplace_sidecar.registration ON registration.id = registration_id
   WHERE record_id = record.id ORDER BY account_id LIMIT 1) AS customer`)

export const unsentSql = `(${unsentStates.map((state) => `'${state}'`).join(', ')})`

/** The whole records of rows of `selectRecords`, in their order. */
export async function wholeRecords(
  session: Session,
  names: Names,
  rows: readonly Row[],
): Promise<MeteringRecord[]> {
  if (rows.length === 0) return []
  const partRows = await session.query(
    `SELECT * FROM marketplace_sidecar.record_part WHERE record_id = ANY($1::bigint[])
     ORDER BY record_id, account_id`,
    [rows.map((row) => row['id'])],
  )
  await names.learn(session, partRows)
  const parts = Map.groupBy(partRows, (row) => row['record_id'])
  return rows.map((row) =>
    wholeRecord(
      row,
      (parts.get(row['id']) ?? []).map((part) => partOf(part, names)),
    ),
  )
}
