import type { FastifyInstance } from 'fastify'
import { formatQuantity } from '../aggregation/quantity.ts'
import { toIso } from '../clock.ts'
import type { Hooks } from '../hooks.ts'
import type { UsageSummary } from '../ledger/summary.ts'
import type { ReportReceipt, UsageRecord, UsageRequest } from '../ledger/types.ts'
import { parseUsage } from './parse-usage.ts'
import { problemOfError } from './request-error.ts'

export interface UsageBook {
  report(request: UsageRequest): Promise<ReportReceipt[]>
  usage(): UsageSummary
}

export interface UsageRoutesOptions {
  readonly book: UsageBook
  readonly hooks: Hooks
  readonly dimensions: ReadonlySet<string>
}

/** `POST /v1/usage` takes usage and answers when it is on disk; `GET /v1/usage` says where every unit is. */
export function usageRoutes(app: FastifyInstance, options: UsageRoutesOptions): void {
  const { book, hooks, dimensions } = options

  app.post('/v1/usage', async ({ id: requestId, body, headers }) => {
    try {
      const { request, isBatch } = parseUsage(body, headers['idempotency-key'], dimensions)
      const results = receiptBodies(await book.report(request))
      return isBatch ? { results } : results[0]
    } catch (error) {
      const { code } = problemOfError(error)
      hooks.emit('usageRefused', { dimension: dimensionOf(body), code, requestId })
      throw error
    }
  })

  app.get('/v1/usage', () => summaryBody(book.usage()))

  /** The dimension of a single report, if the product has it: what anybody may send is no label. */
  function dimensionOf(body: unknown): string | undefined {
    if (typeof body !== 'object' || body === null || !('dimension' in body)) return undefined
    const { dimension } = body
    return typeof dimension === 'string' && dimensions.has(dimension) ? dimension : undefined
  }
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

function summaryBody(summary: UsageSummary) {
  const { open, fractions, pending, settled, lastSuccessAt, lastFailure, oldestUnsentHour } =
    summary
  return {
    open: open.map(({ dimension, hour, quantity }) => ({
      dimension,
      hour: toIso(hour),
      quantity: asNumber(quantity),
    })),
    fractions: fractions.map(({ dimension, quantity }) => ({
      dimension,
      quantity: asNumber(quantity),
    })),
    pending: pending.map(recordBody),
    settled: settled.map(recordBody),
    lastSuccessAt: isoOrNull(lastSuccessAt),
    lastFailure: lastFailure === undefined ? null : { ...lastFailure, at: toIso(lastFailure.at) },
    oldestUnsentHour: isoOrNull(oldestUnsentHour),
  }
}

function recordBody(record: UsageRecord) {
  const { id, dimension, hour, quantity, state, attempts, meteringRecordId, movedTo } = record
  return {
    id,
    dimension,
    hour: toIso(hour),
    quantity,
    state,
    attempts,
    meteringRecordId: meteringRecordId ?? null,
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
