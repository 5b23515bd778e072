import { openDatabase } from './connection/database.ts'
import { parseDatabaseUrl } from './connection/database-url.ts'

/** The latest instant that a shared ledger knows of, for a demo, whose clock must not run an hour twice. */
export async function latestInstantOf(url: string): Promise<number | undefined> {
  const database = await openDatabase({ target: parseDatabaseUrl(url), connections: 1 })
  try {
    const [row] = await database.query(
      `SELECT greatest((SELECT max(hour) FROM marketplace_sidecar.open),
                       (SELECT max(greatest(sealed_at, last_attempt_at)) FROM marketplace_sidecar.record)
              ) AS instant`,
    )
    return (row?.['instant'] as number | null) ?? undefined
  } finally {
    await database.close()
  }
}
