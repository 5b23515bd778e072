import { openDatabase } from '../connection/database.ts'
import { translate } from '../connection/database-errors.ts'
import { nameOfDatabase, parseDatabaseUrl } from '../connection/database-url.ts'
import { checkDurability } from '../lease.ts'
import { checkVersion } from '../migrations/migrate.ts'

interface DatabaseState {
  /** How people name it, without its password. */
  readonly name: string
  readonly isEncrypted: boolean
  /** Such as 150008. */
  readonly serverVersion: number
  /** The server's time minus the machine's, ms. */
  readonly clockAheadMs: number
  /** The first table that the role may not use as the sidecar must; undefined when there is none. */
  readonly deniedTable: string | undefined
}

/**
 * Looks at the database as a sidecar that starts does. Rejects with InvalidSettings, DatabaseUnavailable,
 * DatabaseNotMigrated, DatabaseNotUsable, LedgerTooNew.
 */
export async function inspectDatabase(url: string, now: () => number): Promise<DatabaseState> {
  const target = parseDatabaseUrl(url)
  const name = nameOfDatabase(target)
  const database = await openDatabase({ target, connections: 1 })
  try {
    return await database.snapshot(async (session) => {
      const [server] = await session.query(
        `SELECT current_setting('server_version_num')::int AS version,
                (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`,
      )
      const clockAheadMs = (server?.['now'] as number) - now()
      await checkVersion(session)
      await checkDurability(session)
      const [denied] = await session.query(
        `SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = 'marketplace_sidecar' AND relkind = 'r'
           AND NOT (has_table_privilege(pg_class.oid, 'SELECT') AND has_table_privilege(pg_class.oid, 'INSERT')
             AND has_table_privilege(pg_class.oid, 'UPDATE') AND has_table_privilege(pg_class.oid, 'DELETE'))
         ORDER BY relname LIMIT 1`,
      )
      return {
        name,
        isEncrypted: target.ssl !== false,
        serverVersion: server?.['version'] as number,
        clockAheadMs,
        deniedTable: denied && String(denied['relname']),
      }
    })
  } catch (error) {
    throw translate(error, name)
  } finally {
    await database.close()
  }
}
