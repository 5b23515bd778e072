import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock, type Clock } from '../../src/kernel/clock.ts'
import { Events } from '../../src/kernel/events.ts'
import { auditStore } from '../../src/ledger/audit/audit-store.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts'
import type { UsageReport } from '../../src/metering/report.ts'
import { untagged } from '../../src/metering/tags.ts'
import { median, type Result } from '../result.ts'
import type { Row } from './bench.ts'
import { createSilentLog } from '../../test/support/silent-log.ts'

/** A ledger in a separate folder, with nothing around it. */
export async function withLedger<T>(
  clock: Clock,
  use: (ledger: Ledger, more: { directory: string; audit: () => Promise<void> }) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-ledger-'))
  const meaningOf = () => ({ productCode: '1a2b3cdemo4d5e6f7g8h9i0jk', divisor: 1n })
  const common = { clock, events: new Events(), log: createSilentLog(), meaningOf }
  const store = await openSqliteStore({ ...common, directory, now: clock.now() })
  const ledger = await Ledger.open({
    ...common,
    store,
    resource: 'host:bench',
    maxTagSets: 2500,
    maxPerHour: () => undefined,
    lateUsage: 'carry',
    onFatal: (error) => {
      throw error
    },
  })
  try {
    return await use(ledger, { directory, audit: () => auditStore({ ...common, store }) })
  } finally {
    await ledger.close()
    rmSync(directory, { recursive: true })
  }
}

export function reportOf(dimension: string): UsageReport {
  const quantity = 3_000_000n
  return { dimension, quantity, occurredAt: undefined, tags: untagged, idempotencyKey: undefined }
}

/** Measures the ledger without HTTP: the limit that SQLite and the disk set. */
export const ledgerAlone: Row = async ({ rounds, seconds }) => {
  const results: Result[] = []
  for (const { writers, size } of [
    { writers: 1, size: 1 },
    { writers: 16, size: 1 },
    { writers: 16, size: 100 },
  ]) {
    const figures: number[] = []
    await withLedger(createSystemClock(), async (ledger) => {
      for (let round = 0; round <= rounds; round += 1)
        figures.push(await reportsPerSecond(ledger, writers, size, seconds))
    })
    const name = `ledger alone, ${writers} writing ${size} report${size === 1 ? '' : 's'} each`
    // The first round warms up the compiler.
    results.push({ name, unit: 'reports/s', ours: median(figures.slice(1)) })
  }
  return results
}

async function reportsPerSecond(
  ledger: Ledger,
  writers: number,
  size: number,
  seconds: number,
): Promise<number> {
  const reports = Array.from({ length: size }, () => reportOf('requests'))
  const startedAt = performance.now()
  const until = startedAt + seconds * 1000
  let written = 0
  const write = async () => {
    while (performance.now() < until) {
      await ledger.report({ reports, idempotencyKey: undefined })
      written += size
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  return (written / (performance.now() - startedAt)) * 1000
}
