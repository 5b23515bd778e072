import type { Clock } from '../../../src/kernel/clock.ts'
import { Ledger, type LedgerOptions } from '../../../src/ledger/ledger.ts'
import type { DataSync } from '../../../src/store/sqlite/file/data-sync.ts'
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.ts'

export interface OpenLedgerOptions
  extends
    Omit<LedgerOptions, 'store' | 'lateUsage' | 'maxPerHour'>,
    Partial<Pick<LedgerOptions, 'lateUsage' | 'maxPerHour'>> {
  readonly directory: string
  /** For tests of failing disks. */
  readonly dataSync?: DataSync | undefined
  /** What the directory may hold. */
  readonly limitBytes?: number | undefined
  /** What another process's transaction is waited for on. */
  readonly lockClock?: Clock | undefined
  /** What idempotency keys may take. */
  readonly keyLimitBytes?: number | undefined
}

/** What usage means where a test does not care. */
export const plainMeaning = () => ({ productCode: 'product', divisor: 1n })

/** A ledger over the file of a directory. */
export async function openLedger(options: OpenLedgerOptions): Promise<Ledger> {
  const store = await openSqliteStore({ ...options, now: options.clock.now() })
  return Ledger.open({ lateUsage: 'carry', maxPerHour: () => undefined, ...options, store })
}
