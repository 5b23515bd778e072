import { openDatabase } from '../connection/database.ts'
import { translate } from '../connection/database-errors.ts'
import { nameOfDatabase, parseDatabaseUrl } from '../connection/database-url.ts'
import { migrate } from './migrate.ts'

/** Migrates the database of a URL, and grants a role what a sidecar needs. */
export async function migrateDatabase(url: string, grantTo: string | undefined) {
  const target = parseDatabaseUrl(url)
  const name = nameOfDatabase(target)
  // An index of a large table takes as long as it takes, and waits for every transaction that began before it.
  const longestMs = 3_600_000
  const database = await openDatabase({
    target,
    connections: 1,
    statementTimeoutMs: longestMs,
    lockTimeoutMs: longestMs,
  })
  try {
    return { name, ...(await migrate(database, grantTo)) }
  } catch (error) {
    throw translate(error, name)
  } finally {
    await database.close()
  }
}
