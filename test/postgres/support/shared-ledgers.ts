import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { Ledger, type LedgerOptions } from '../../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import type { UsageReport } from '../../../src/metering/report.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import type { Database } from '../../../src/store/postgres/connection/database.ts'
import { openPostgresStore } from '../../../src/store/postgres/open-postgres-store.ts'
import { defaultRules } from '../../support/ledger/seal-rules.ts'
import { reportOf } from '../../support/ledger/ledger-bench.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { createSilentLog } from '../../support/silent-log.ts'

/** One task or pod of several on a database. */
export interface SharedLedger {
  readonly ledger: Ledger
  readonly report: (
    dimension: string,
    quantity: bigint,
    more?: Partial<UsageReport>,
  ) => ReturnType<Ledger['report']>
  /** Seals what is due; `sharedBefore` is the current hour, as it is without a seal delay. */
  readonly seal: (openHourToo?: boolean) => Promise<MeteringRecord[]>
}

/** Opens the ledger of a task or pod; `options` are those of its product. */
export async function openSharedLedger(
  url: string,
  resource: string,
  clock: ManualClock,
  {
    keyLimitBytes,
    wrap,
    ...options
  }: Pick<LedgerOptions, 'meaningOf'> &
    Partial<LedgerOptions> & {
      readonly keyLimitBytes?: number
      readonly wrap?: (database: Database) => Database
    },
): Promise<SharedLedger> {
  const store = await openPostgresStore({
    url,
    keyLimitBytes,
    wrap,
    actor: {
      resource,
      now: clock.now(),
      incarnation: randomUUID(),
      leaseMs: 30_000,
      onRegained: () => {},
      onLost: () => {},
    },
  })
  const ledger = await Ledger.open({
    store,
    resource,
    clock,
    maxPerHour: () => undefined,
    lateUsage: 'carry',
    events: new Events(),
    log: createSilentLog(),
    maxTagSets: 2500,
    onFatal: () => {},
    ...options,
  })
  onTestFinished(() => ledger.close().catch(() => {}))
  return {
    ledger,
    report: (dimension, quantity, more) =>
      ledger.report({
        reports: [reportOf(dimension, quantity, more)],
        idempotencyKey: undefined,
      }),
    seal: (openHourToo = false) => {
      const now = clock.now()
      return Array.fromAsync(
        ledger.seal({
          before: hourOf(now) + (openHourToo ? hourMs : 0),
          sharedBefore: hourOf(now),
          now,
          plan: (input) => planSeal(input, defaultRules),
          zeroHours: [],
        }),
      )
    },
  }
}

/** What no place of the book has, over all accounts. */
export async function imbalances(ledger: Ledger): Promise<bigint[]> {
  return (await ledger.audit()).map(({ imbalance }) => imbalance)
}
