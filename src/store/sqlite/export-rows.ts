import type { DatabaseSync } from 'node:sqlite'
import { recordOf, selectRecord } from './record-rows.ts'
import type { MeteringRecord } from '../../metering/record.ts'

export interface ExportFilter {
  /** Hours that start at this instant or later, ms. */
  readonly since: number | undefined
  /** Hours that start before this instant, ms. */
  readonly until: number | undefined
  readonly dimension: string | undefined
}

/** Every record that passes the filter, of any state, oldest hour first; one at a time. */
export function* exportRows(
  database: DatabaseSync,
  filter: ExportFilter,
): Generator<MeteringRecord> {
  const statement = database.prepare(
    `${selectRecord} WHERE record.hour >= ?1 AND record.hour < ?2
       AND (?3 IS NULL OR key.dimension = ?3) ORDER BY record.hour, record.id`,
  )
  const { since, until, dimension } = filter
  const rows = statement.iterate(
    since ?? Number.MIN_SAFE_INTEGER,
    until ?? Number.MAX_SAFE_INTEGER,
    dimension ?? null,
  )
  for (const row of rows) yield recordOf(row)
}
