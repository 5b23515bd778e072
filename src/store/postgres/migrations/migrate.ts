import { SidecarError } from '../../../kernel/errors.ts'
import type { Database, Session } from '../connection/database.ts'
import { changeIndexes, type Step } from './change-indexes.ts'
import { schema1 } from './schema-1.ts'
import { schema2 } from './schema-2.ts'

/** Raised with every change of the tables. Each step only adds, so that the version before it still writes. */
export const schemaVersion = 2

const steps: readonly Step[] = [{ tables: schema1 }, schema2]

const migrationLock = 4_716_212_903

/**
 * Makes the schema, or brings it up to date, and grants a role what a sidecar needs. Running sidecars go on
 * meanwhile: the tables are changed in a transaction that takes a moment, and indexes are made without a lock that
 * a writer needs. After an interruption it begins again where it was. Returns the version that was found and the one
 * that is there now. Needs the right to create a schema. Rejects with LedgerTooNew.
 */
export async function migrate(
  database: Database,
  grantTo: string | undefined,
): Promise<{ readonly from: number; readonly to: number }> {
  const from = await inSchema(database, async (session) => {
    const found = await versionOf(session)
    if (found > schemaVersion) throw tooNew(found)
    if (found === 0) await session.query('CREATE SCHEMA IF NOT EXISTS marketplace_sidecar')
    // Every writer waits behind it for a lock.
    await session.query(
      "SET LOCAL search_path TO marketplace_sidecar; SET LOCAL lock_timeout TO '5s'",
    )
    for (const { tables } of steps.slice(found)) await session.query(tables)
    // That of a new one is 1 until its indexes are there.
    if (found === 0) await session.query("INSERT INTO meta VALUES ('schema', '1')")
    return found
  })
  for (const step of steps.slice(from)) await changeIndexes(database, step)
  await inSchema(database, async (session) => {
    await session.query("UPDATE marketplace_sidecar.meta SET value = $1 WHERE name = 'schema'", [
      String(schemaVersion),
    ])
    if (grantTo !== undefined) await grant(session, grantTo)
  })
  return { from, to: schemaVersion }
}

/** Of the transaction, so that a pooler may stand between: two migrations change the tables one after the other. */
function inSchema<T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  return database.transaction(async (session) => {
    await session.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    return work(session)
  })
}

/** The version of the schema; 0 where there is none. */
export async function versionOf(session: Session): Promise<number> {
  const [found] = await session.query(
    `SELECT to_regclass('marketplace_sidecar.meta') IS NOT NULL AS there`,
  )
  if (found?.['there'] !== true) return 0
  const [row] = await session.query(
    `SELECT value FROM marketplace_sidecar.meta WHERE name = 'schema'`,
  )
  return Number(row?.['value'] ?? 0)
}

/** Rejects with DatabaseNotMigrated where the schema is missing or older than this program's, else LedgerTooNew. */
export async function checkVersion(session: Session): Promise<void> {
  const version = await versionOf(session)
  if (version > schemaVersion + 1) throw tooNew(version)
  if (version < schemaVersion)
    throw new SidecarError(
      'DatabaseNotMigrated',
      `The schema marketplace_sidecar of the database ${version === 0 ? 'does not exist' : `has version ${version}, and this program needs version ${schemaVersion}`}. Run this with a role that may create it:\nmarketplace-sidecar ledger migrate`,
    )
}

async function grant(session: Session, role: string): Promise<void> {
  const [quoted] = await session.query('SELECT quote_ident($1) AS role', [role])
  const to = String(quoted?.['role'])
  await session.query(
    `GRANT USAGE ON SCHEMA marketplace_sidecar TO ${to};
     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA marketplace_sidecar TO ${to};
     GRANT USAGE ON ALL SEQUENCES IN SCHEMA marketplace_sidecar TO ${to}`,
  )
}

function tooNew(version: number): SidecarError {
  return new SidecarError(
    'LedgerTooNew',
    `The schema marketplace_sidecar of the database has version ${version}, and this program knows versions up to ${schemaVersion}. A newer sidecar made it: run that version or a later one.`,
  )
}
