import { DatabaseSync } from 'node:sqlite'
import { schemaVersionOf } from '../migrations/migrate.ts'

/**
 * Closes a database whose flush failed, and leaves its write-ahead log. The last connection that closes
 * would delete the log, which can hold the only copy of what a failed checkpoint counts as written. It
 * also marks the file for the next start: a log says that the end was not a clean one.
 */
export function closeKeepingLog(database: DatabaseSync, path: string): void {
  let keeper: DatabaseSync | undefined
  try {
    // A connection that only reads cannot delete the log, and while it lives no other one does.
    keeper = new DatabaseSync(path, { readOnly: true })
    schemaVersionOf(keeper)
  } catch {
    // The connection ends with the process, which deletes nothing.
    keeper?.close()
    return
  }
  database.close()
  keeper.close()
}
