import type { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../../../kernel/errors.ts'

/** Notes that the book goes on in a database; inside a transaction only. */
export function markImported(database: DatabaseSync, to: string): void {
  database.prepare("INSERT OR REPLACE INTO meta VALUES ('imported', ?)").run(to)
}

/** Takes the note back, because that database has nothing of the book and does not receive it. */
export function unmarkImported(database: DatabaseSync): void {
  database.prepare("DELETE FROM meta WHERE name = 'imported'").run()
}

/** The database in which the book goes on; undefined where it goes on in its file. */
export function importedInto(database: DatabaseSync): string | undefined {
  const row = database.prepare("SELECT value FROM meta WHERE name = 'imported'").get()
  return row === undefined ? undefined : String(row['value'])
}

/** Throws LedgerImported for a book that was, or is being, brought into a database: no one may go on with it. */
export function refuseImported(database: DatabaseSync, path: string): void {
  refuseOther(database, path, undefined)
}

/** The same, unless it is this database. */
export function refuseOther(
  database: DatabaseSync,
  path: string,
  allowed: string | undefined,
): void {
  const to = importedInto(database)
  if (to === undefined || to === allowed) return
  throw new SidecarError(
    'LedgerImported',
    `The ledger ${path} was imported into the database ${to} and continues there. Set SIDECAR_DATABASE_URL_FILE. If "ledger import" did not end, run it again with that database.`,
  )
}
