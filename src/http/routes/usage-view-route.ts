import type { FastifyInstance } from 'fastify'
import { formatQuantity } from '../../metering/quantity.ts'
import { toIso } from '../../kernel/clock.ts'
import type { Dimension } from '../../product/product.ts'
import type { OpenHour } from '../../metering/report.ts'
import type { UsageSummary } from '../../store/summary.ts'
import type { RecordSummary } from '../../metering/record.ts'
import type { HourAnswer, RecordAnswer, UsageAnswer } from './answers.ts'

interface UsageView {
  usage(): Promise<UsageSummary>
}

export interface UsageViewOptions {
  readonly book: UsageView
  readonly dimensions: readonly Dimension[]
  /**
   * Returns when the next record is sent, ms, given the earliest hour that holds open usage; undefined
   * when nothing waits to be sent.
   */
  readonly nextSendAt: (openHour: number | undefined) => number | undefined
}

/** `GET /v1/usage`: where every unit is. */
export function usageViewRoute(app: FastifyInstance, options: UsageViewOptions): void {
  const { book, nextSendAt } = options
  const described = options.dimensions.map(({ name, unit, divisor }) => ({
    name,
    unit: unit ?? null,
    divisor: Number(divisor),
  }))

  app.get('/v1/usage', async (): Promise<UsageAnswer> => {
    const summary = await book.usage()
    return {
      now: toIso(summary.now),
      dimensions: described,
      ...summaryBody(summary),
      nextSendAt: isoOrNull(nextSendAt(summary.open[0]?.hour)),
      lastSuccessAt: isoOrNull(summary.lastSuccessAt),
      lastFailure: failureBody(summary),
      oldestUnsentHour: isoOrNull(summary.oldestUnsentHour),
    }
  })
}

function summaryBody(summary: UsageSummary) {
  const { open, fractions, held, late, pending, settled, unresolvedCount } = summary
  return {
    open: open.map(hourBody),
    fractions: fractions.map(({ dimension, quantity }) => ({
      dimension,
      quantity: asNumber(quantity),
    })),
    held: held.map(({ id, reason, since, ...hour }) => ({
      id,
      ...hourBody(hour),
      reason,
      since: toIso(since),
    })),
    late: late.map(hourBody),
    pending: pending.map(recordBody),
    settled: settled.map(recordBody),
    unresolvedCount,
  }
}

function failureBody({ lastFailure }: UsageSummary): UsageAnswer['lastFailure'] {
  return lastFailure === undefined ? null : { ...lastFailure, at: toIso(lastFailure.at) }
}

function hourBody({ dimension, hour, quantity }: OpenHour): HourAnswer {
  return { dimension, hour: toIso(hour), quantity: asNumber(quantity) }
}

function recordBody(record: RecordSummary): RecordAnswer {
  const { id, dimension, hour, quantity, state, attempts, meteringRecordId, movedTo } = record
  return {
    id,
    dimension,
    hour: toIso(hour),
    quantity,
    state,
    attempts,
    meteringRecordId: meteringRecordId ?? null,
    lastAttemptAt: isoOrNull(record.lastAttemptAt),
    lastCode: record.lastCode ?? null,
    lastMessage: record.lastMessage ?? null,
    settledAt: isoOrNull(record.settledAt),
    movedTo: isoOrNull(movedTo),
  }
}

function asNumber(quantity: bigint): number {
  return Number(formatQuantity(quantity))
}

function isoOrNull(instant: number | undefined): string | null {
  return instant === undefined ? null : toIso(instant)
}
