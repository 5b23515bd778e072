import { fastClockNote } from '../../summary.ts'
import { openDatabase } from '../connection/database.ts'
import { parseDatabaseUrl } from '../connection/database-url.ts'
import { checkVersion } from '../migrations/migrate.ts'

/**
 * The latest instant that the shared ledger of demos knows of, whose clocks run faster than the machine's;
 * undefined for any other ledger, in which such an instant is that of a clock that was wrong for a while. Rejects
 * with DatabaseNotMigrated or LedgerTooNew.
 */
export async function latestInstantOf(url: string): Promise<number | undefined> {
  const database = await openDatabase({ target: parseDatabaseUrl(url), connections: 1 })
  try {
    await checkVersion(database)
    const [row] = await database.query(
      `SELECT greatest((SELECT max(hour) FROM marketplace_sidecar.open),
                       (SELECT max(greatest(sealed_at, last_attempt_at)) FROM marketplace_sidecar.record)
              ) AS instant
       WHERE EXISTS (SELECT FROM marketplace_sidecar.note WHERE name = $1)`,
      [fastClockNote],
    )
    return (row?.['instant'] as number | null) ?? undefined
  } finally {
    await database.close()
  }
}
