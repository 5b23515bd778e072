import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Events, type EventName, type SidecarEvents } from '../../../src/kernel/events.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { ReportReceipt, UsageReport } from '../../../src/metering/report.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { ManualClock } from '../manual-clock.ts'
import { scratch } from '../scratch.ts'
import { openLedger, plainMeaning, type OpenLedgerOptions } from './open-ledger.ts'
import { createSilentLog } from '../silent-log.ts'

export const unit = 1_000_000n

/** Creates a directory that is deleted after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(scratch, 'ledger-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface LedgerBench {
  readonly ledger: Ledger
  readonly clock: ManualClock
  readonly events: Events
  readonly directory: string
  readonly report: (
    dimension: string,
    quantity: bigint,
    more?: Partial<UsageReport>,
  ) => Promise<ReportReceipt>
  /** Returns the events of a name, in order. */
  told<N extends EventName>(name: N): SidecarEvents[N][]
}

/** A ledger in a separate directory, on a clock that stands at 09:15, without real flushes. */
export async function openBench(options: Partial<OpenLedgerOptions> = {}): Promise<LedgerBench> {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock()
  const events = options.events ?? new Events()
  const told = new Map<EventName, unknown[]>()
  for (const name of [
    'usageReported',
    'recordSealed',
    'usageHeld',
    'recordMoved',
    'ledgerAudited',
    'ledgerSetAside',
    'ledgerFailed',
    'tagSetsOverflowed',
    'ledgerCommitted',
  ] as const)
    events.on(name, (event) => told.set(name, [...(told.get(name) ?? []), event]))
  const directory = options.directory ?? temporaryDirectory()
  const ledger = await openLedger({
    resource: 'arn:aws:ecs:us-east-1:111122223333:task/shop/one',
    log: createSilentLog(),
    meaningOf: plainMeaning,
    maxTagSets: 2500,
    onFatal: () => {},
    dataSync: () => Promise.resolve(),
    ...options,
    directory,
    clock,
    events,
  })
  onTestFinished(() => ledger.close().catch(() => {}))
  return {
    ledger,
    clock,
    events,
    directory,
    async report(dimension, quantity, more = {}) {
      const [receipt] = await ledger.report({
        reports: [reportOf(dimension, quantity, more)],
        idempotencyKey: undefined,
      })
      if (receipt === undefined) throw new Error('there is no receipt')
      return receipt
    },
    told: <N extends EventName>(name: N) => (told.get(name) ?? []) as SidecarEvents[N][],
  }
}

export function reportOf(
  dimension: string,
  quantity: bigint,
  more: Partial<UsageReport> = {},
): UsageReport {
  return {
    dimension,
    quantity,
    occurredAt: undefined,
    tags: untagged,
    idempotencyKey: undefined,
    ...more,
  }
}
