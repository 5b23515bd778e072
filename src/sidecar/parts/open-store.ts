import { databaseUrlOf } from '../../config/database-url-of.ts'
import { parseBytes } from '../../config/settings/parse-bytes.ts'
import type { SidecarError } from '../../kernel/errors.ts'
import type { MeaningOf } from '../../ledger/opening/open-book.ts'
import { openSqliteStore } from '../../store/sqlite/open-sqlite-store.ts'
import type { Store } from '../../store/store.ts'
import type { StoreKind } from '../../store/summary.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** Which store the settings name. */
export function storeKindOf(settings: Parameters<typeof databaseUrlOf>[0]): StoreKind {
  return databaseUrlOf(settings) === undefined ? 'sqlite' : 'postgres'
}

interface StoreUse {
  readonly resource: string
  readonly meaningOf: MeaningOf
  /** Called once, when the store can no longer be this sidecar's. */
  readonly onFatal: (error: SidecarError) => void
}

/** Opens the book where the settings say: in the data directory, or in a database that many share. */
export async function openStore(
  {
    settings,
    clock,
    events,
    log,
    randomBytes,
  }: Pick<SidecarOptions, 'settings' | 'clock' | 'events' | 'log' | 'randomBytes'>,
  { resource, meaningOf, onFatal }: StoreUse,
): Promise<Store> {
  const url = databaseUrlOf(settings)
  const now = clock.now()
  const { dataDir: directory, dataLimit } = settings
  const limitBytes = dataLimit === undefined ? undefined : parseBytes(dataLimit)
  if (url === undefined)
    return openSqliteStore({ directory, limitBytes, resource, meaningOf, now, events, log })
  // Its client is a megabyte that a ledger in the data directory never needs.
  const { openPostgresStore } = await import('../../store/postgres/open-postgres-store.ts')
  return openPostgresStore({
    url,
    // As much of it as in a data directory.
    keyLimitBytes: limitBytes === undefined ? undefined : limitBytes / 4,
    // However many sidecars share it, audits are a hundredth of the server's time.
    auditRest: 100,
    onCommitted: () => events.emit('stepReached', { step: 'group-committed' }),
    actor: {
      resource,
      now,
      incarnation: Buffer.from(randomBytes(16)).toString('hex'),
      leaseMs: settings.leaseMs,
      onLost: onFatal,
      onRegained: () =>
        log(
          'ledger.lease-lost',
          `This sidecar gave no sign of life for longer than SIDECAR_LEASE_SECONDS, and another one took over what it had left. It continues with new usage. Look for a paused or starved process, or for a database that was away.`,
        ),
    },
  })
}
