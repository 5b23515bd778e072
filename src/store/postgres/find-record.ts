import { referenceOf } from '../reference.ts'
import type { Session } from './connection/database.ts'

/** How many records are read at a time. */
const pageSize = 500

/**
 * Finds a record by AWS's MeteringRecordId, or by the reference that the application got before the hour was
 * over. `wanted` is in lower case. Resolves with the id of the record.
 */
export async function findRecordId(session: Session, wanted: string): Promise<number | undefined> {
  const [named] = await session.query(
    'SELECT min(id) AS id FROM marketplace_sidecar.record WHERE lower(metering_record_id) = $1',
    [wanted],
  )
  return (named?.['id'] as number | null) ?? findReference(session, wanted)
}

/** No column has the reference, which is a hash of what it names. */
async function findReference(session: Session, wanted: string): Promise<number | undefined> {
  for (let after = 0; ;) {
    const rows = await session.query(
      `SELECT record.id, dimension, hour, identity AS resource, coalesce((
         SELECT customer FROM marketplace_sidecar.record_part
         JOIN marketplace_sidecar.account ON account.id = account_id
         JOIN marketplace_sidecar.registration ON registration.id = registration_id
         WHERE record_id = record.id LIMIT 1), '') AS customer
       FROM marketplace_sidecar.record
       JOIN marketplace_sidecar.slot ON slot.id = slot_id
       JOIN marketplace_sidecar.resource ON resource.id = resource_id
       WHERE record.id > $1 ORDER BY record.id LIMIT ${pageSize}`,
      [after],
    )
    for (const row of rows) {
      const name = {
        resource: String(row['resource']),
        customer: String(row['customer']),
        dimension: String(row['dimension']),
        hour: row['hour'] as number,
      }
      after = row['id'] as number
      if (referenceOf(name) === wanted) return after
    }
    if (rows.length === 0) return undefined
  }
}
