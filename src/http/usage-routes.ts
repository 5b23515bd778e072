import type { FastifyInstance } from 'fastify'
import { formatQuantity } from '../aggregation/quantity.ts'
import { toIso } from '../clock.ts'
import type { Dimension } from '../config/product.ts'
import type { OpenHour, UsageSummary } from '../ledger/summary.ts'
import type { RecordSummary, ReportReceipt, UsageRequest } from '../ledger/types.ts'
import type { HourAnswer, RecordAnswer, UsageAnswer } from './answers.ts'
import { parseUsage } from './parse-usage.ts'
import type { TellRefused } from './refused-usage.ts'
import { problemOfError } from './request-error.ts'

export interface UsageBook {
  report(request: UsageRequest): Promise<ReportReceipt[]>
  usage(): UsageSummary
}

export interface UsageRoutesOptions {
  readonly book: UsageBook
  readonly tellRefused: TellRefused
  readonly dimensions: readonly Dimension[]
  /**
   * When AWS is asked next to take a record, ms, given the earliest hour that holds open usage; undefined
   * when nothing waits for it.
   */
  readonly nextSendAt: (openHour: number | undefined) => number | undefined
}

/** `POST /v1/usage` takes usage and answers when it is on disk; `GET /v1/usage` says where every unit is. */
export function usageRoutes(app: FastifyInstance, options: UsageRoutesOptions): void {
  const { book, tellRefused, nextSendAt } = options
  const dimensions = new Set(options.dimensions.map(({ name }) => name))
  const described = options.dimensions.map(({ name, unit, divisor }) => ({
    name,
    unit: unit ?? null,
    divisor: Number(divisor),
  }))

  app.post('/v1/usage', async ({ id: requestId, body, headers }) => {
    try {
      const { request, isBatch } = parseUsage(body, headers['idempotency-key'], dimensions)
      const results = receiptBodies(await book.report(request))
      return isBatch ? { results } : results[0]
    } catch (error) {
      const { code } = problemOfError(error)
      tellRefused(dimensionOf(body), code, requestId)
      throw error
    }
  })

  app.get('/v1/usage', (): UsageAnswer => {
    const summary = book.usage()
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

/** What a single report names. */
function dimensionOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'dimension' in body
    ? body.dimension
    : undefined
}

/** The hours of a batch are few, and writing a time is the dearest part of an answer. */
function receiptBodies(receipts: readonly ReportReceipt[]) {
  const times = new Map<number, string>()
  return receipts.map(({ result, hour, late }) => {
    const time = times.get(hour) ?? toIso(hour)
    times.set(hour, time)
    return { result, hour: time, late }
  })
}

function summaryBody({ open, fractions, late, pending, settled, unresolvedCount }: UsageSummary) {
  return {
    open: open.map(hourBody),
    fractions: fractions.map(({ dimension, quantity }) => ({
      dimension,
      quantity: asNumber(quantity),
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
