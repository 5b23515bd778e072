import type { SidecarError } from '../../kernel/errors.ts'
import { clusterHolder } from '../../metering/slot.ts'
import { membersNote } from '../readings.ts'
import type { Store } from '../store.ts'
import { openDatabase, type Database, type DatabaseOptions } from './connection/database.ts'
import { translate } from './connection/database-errors.ts'
import { nameOfDatabase, parseDatabaseUrl } from './connection/database-url.ts'
import { checkDurability, Lease } from './lease.ts'
import { checkVersion } from './migrations/migrate.ts'
import { Names } from './names.ts'
import { PostgresStore } from './postgres-store.ts'
import type { Scope } from './scope.ts'

/** What keys may take in all: those of 25 hours with 450 reports a second, by all tasks and pods. */
const mostKeyBytes = 2 ** 33

interface Actor {
  readonly resource: string
  readonly now: number
  /** Names this process among all. */
  readonly incarnation: string
  /** How long after its last sign of life another one takes over what a process left. */
  readonly leaseMs: number
  /** Called when another one had taken over what this task or pod had left, and it goes on. */
  readonly onRegained: () => void
  /** Called once, when another process acts for the task or pod, and this one has to end. */
  readonly onLost: (error: SidecarError) => void
}

interface OpenPostgresStoreOptions extends Omit<DatabaseOptions, 'target'> {
  /** Holds the password: never log it. */
  readonly url: string
  /** The task or pod that the store acts for; undefined for a command that looks at the whole book. */
  readonly actor?: Actor | undefined
  /** Called after each commit. */
  readonly onCommitted?: (() => void) | undefined
  readonly outcomeMs?: number | undefined
  /** What idempotency keys may take; undefined for 8 GiB. */
  readonly keyLimitBytes?: number | undefined
  /** How many times as long as the last audit of the book took none begins after it; undefined for 0. */
  readonly auditRest?: number | undefined
  /** For tests of connections that break. */
  readonly wrap?: ((database: Database) => Database) | undefined
}

/**
 * Opens the shared book of a database for one task or pod. Rejects with InvalidSettings, LedgerTooNew,
 * DatabaseNotMigrated, DatabaseNotUsable, DatabaseUnavailable.
 */
export async function openPostgresStore(options: OpenPostgresStoreOptions): Promise<Store> {
  const target = parseDatabaseUrl(options.url)
  const name = nameOfDatabase(target)
  const opened = await openDatabase({ ...options, target })
  const database = options.wrap?.(opened) ?? opened
  try {
    await database.snapshot(async (session) => {
      await checkVersion(session)
      await checkDurability(session)
    })
    const { actor, outcomeMs, keyLimitBytes = mostKeyBytes, auditRest = 0 } = options
    const { onCommitted = () => {} } = options
    const acting = actor && (await act(database, actor))
    const onLost = actor?.onLost ?? (() => {})
    return new PostgresStore({
      database,
      name,
      acting,
      outcomeMs,
      keyLimitBytes,
      auditRest,
      onLost,
      onCommitted,
    })
  } catch (error) {
    await database.close()
    throw translate(error, name)
  }
}

async function act(
  database: Database,
  { resource, now, incarnation, leaseMs, onRegained }: Actor,
): Promise<{ readonly scope: Scope; readonly lease: Lease; readonly renewMs: number }> {
  const names = new Names()
  await prepareShared(database, await names.makeResource(database, clusterHolder, 0))
  const id = await names.makeResource(database, resource, now)
  const scope = { resource, id }
  const lease = new Lease({ scope, incarnation, leaseMs, onRegained })
  await lease.take(database)
  return { scope, lease, renewMs: leaseMs / 3 }
}

/** Makes the secret that all tasks and pods hash members with: the first one stands. */
async function prepareShared(database: Database, id: number): Promise<void> {
  await database.query(
    `INSERT INTO marketplace_sidecar.note
     SELECT $1, $2, gen_random_uuid()::text || gen_random_uuid()::text ON CONFLICT DO NOTHING`,
    [id, membersNote],
  )
}
