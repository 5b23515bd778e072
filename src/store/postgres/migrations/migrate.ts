import { SidecarError } from '../../../kernel/errors.ts'
import type { Database, Session } from '../connection/database.ts'
import { schema1 } from './schema-1.ts'
import { schema2 } from './schema-2.ts'

/** Raised with every change of the tables. Each step only adds, so that the version before it still writes. */
export const schemaVersion = 2
const steps: readonly string[] = [schema1, schema2]

const migrationLock = 4_716_212_903

/**
 * Makes the schema, or brings it up to date, in one transaction, and grants a role what a sidecar needs.
 * Returns the version that was found and the one that is there now. Needs the right to create a schema.
 * Rejects with LedgerTooNew.
 */
export function migrate(
  database: Database,
  grantTo: string | undefined,
): Promise<{ readonly from: number; readonly to: number }> {
  return database.transaction(async (session) => {
    // Of the transaction, so that a pooler may stand between: two migrations run one after the other.
    await session.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    const from = await versionOf(session)
    if (from > schemaVersion) throw tooNew(from)
    if (from === 0) await session.query('CREATE SCHEMA IF NOT EXISTS marketplace_sidecar')
    await session.query('SET LOCAL search_path TO marketplace_sidecar')
    for (const step of steps.slice(from)) await session.query(step)
    await session.query(
      `INSERT INTO meta VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [String(schemaVersion)],
    )
    if (grantTo !== undefined) await grant(session, grantTo)
    return { from, to: schemaVersion }
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
