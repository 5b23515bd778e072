import type { Database } from '../connection/database.ts'

/** What a version adds. It may run again after an interruption. */
export interface Step {
  /** Made in one transaction, each within a moment: sidecars that write wait for it. */
  readonly tables: string
  /** Made while sidecars write, however long it takes: the table of an index and what it has of that, by name. */
  readonly indexes?: Readonly<Record<string, string>>
  /** Indexes that others replace. */
  readonly withoutIndexes?: readonly string[]
}

/** Makes and drops the indexes of a step, each without a lock that a writer needs. */
export async function changeIndexes(
  database: Database,
  { indexes = {}, withoutIndexes = [] }: Step,
): Promise<void> {
  // What an interruption left of one is no index, and has its name.
  const rows = await database.query(
    `SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE relnamespace = 'marketplace_sidecar'::regnamespace AND NOT indisvalid`,
  )
  const broken = rows.map((row) => String(row['relname'])).filter((name) => name in indexes)
  for (const name of broken) await dropIndex(database, name)
  for (const [name, on] of Object.entries(indexes))
    await database.query(
      `CREATE INDEX CONCURRENTLY IF NOT EXISTS ${name} ON marketplace_sidecar.${on}`,
    )
  for (const name of withoutIndexes) await dropIndex(database, name)
}

async function dropIndex(database: Database, name: string): Promise<void> {
  await database.query(`DROP INDEX CONCURRENTLY IF EXISTS marketplace_sidecar.${name}`)
}
