import type { FastifyInstance } from 'fastify'
import { isoOrNull, toIso } from '../../kernel/clock.ts'
import type { Dimension } from '../../product/product.ts'
import type { SourceState } from '../../sources/source-states.ts'
import type { DiskSpace, StoreKind, UsageSummary } from '../../store/summary.ts'
import type { SidecarAnswer, StoreAnswer, UsageAnswer } from './answers.ts'
import { fractionBody, heldBody, hourBody, recordBody, sourceBody } from './usage-bodies.ts'

interface UsageView {
  usage(): Promise<UsageSummary>
  space(): Promise<DiskSpace>
}

export interface UsageViewOptions {
  readonly book: UsageView
  readonly dimensions: readonly Dimension[]
  readonly sources: () => readonly SourceState[]
  /**
   * Returns when the next record is sent, ms, given the earliest hour that holds open usage; undefined
   * when nothing waits to be sent.
   */
  readonly nextSendAt: (openHour: number | undefined) => number | undefined
  /** Returns when AWS stops accepting a record of an hour, ms. */
  readonly acceptedUntil: (hour: number) => number
  readonly sidecar: SidecarAnswer
  readonly storeKind: StoreKind
}

/** `GET /v1/usage`: where every unit is. */
export function usageViewRoute(app: FastifyInstance, options: UsageViewOptions): void {
  const { book, sources, nextSendAt, acceptedUntil, sidecar, storeKind } = options
  const described = options.dimensions.map(({ name, unit, divisor, aggregate }) => ({
    name,
    unit: unit ?? null,
    divisor: Number(divisor),
    aggregate: aggregate ?? 'sum',
  }))

  app.get('/v1/usage', async (): Promise<UsageAnswer> => {
    const [summary, store] = await Promise.all([book.usage(), storeBody(book, storeKind)])
    return {
      now: toIso(summary.now),
      sidecar,
      store,
      dimensions: described,
      sources: sources().map(sourceBody),
      ...summaryBody(summary, acceptedUntil),
      nextSendAt: isoOrNull(nextSendAt(oldestOpen(summary))),
      lastSuccessAt: isoOrNull(summary.lastSuccessAt),
      lastFailure: failureBody(summary),
      oldestUnsentHour: isoOrNull(summary.oldestUnsentHour),
    }
  })
}

/** A volume that fails must not hide where the units are. */
async function storeBody(book: UsageView, kind: StoreKind): Promise<StoreAnswer> {
  const space = await book.space().catch(() => undefined)
  return {
    kind,
    ledgerBytes: space?.ledgerBytes ?? null,
    freeBytes: space?.freeBytes ?? null,
    volumeBytes: space?.volumeBytes ?? null,
  }
}

function oldestOpen({ open, readings }: UsageSummary): number | undefined {
  const hours = [open[0]?.hour, readings[0]?.hour].filter((hour) => hour !== undefined)
  return hours.length === 0 ? undefined : Math.min(...hours)
}

function summaryBody(summary: UsageSummary, acceptedUntil: (hour: number) => number) {
  const { open, readings, fractions, held, late, pending, settled } = summary
  const { pendingCount, unresolvedCount } = summary
  return {
    open: open.map(hourBody),
    readings: readings.map(({ aggregate, count, ...hour }) => ({
      ...hourBody(hour),
      aggregate,
      count,
    })),
    fractions: fractions.map(fractionBody),
    held: held.map((each) => heldBody(each, acceptedUntil(each.hour))),
    late: late.map(hourBody),
    pending: pending.map((record) => recordBody(record, acceptedUntil(record.hour))),
    pendingCount,
    settled: settled.map((record) => recordBody(record)),
    unresolvedCount,
  }
}

function failureBody({ lastFailure }: UsageSummary): UsageAnswer['lastFailure'] {
  return lastFailure === undefined ? null : { ...lastFailure, at: toIso(lastFailure.at) }
}
