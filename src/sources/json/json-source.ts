import type { FastifyInstance } from 'fastify'
import { toIso } from '../../kernel/clock.ts'
import type { ReportReceipt } from '../../metering/report.ts'
import type { Source, SourceContext } from '../source.ts'
import { parseUsage } from './parse-usage.ts'

/** `POST /v1/usage`, which answers when the usage is on disk. */
export const jsonSource: Source = {
  name: 'json',
  start(context) {
    acceptCurlBodies(context.app)
    usageRoute(context)
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  },
}

function usageRoute({ app, book, dimensions, refused, explain }: SourceContext): void {
  const names = new Set(dimensions.map(({ name }) => name))
  app.post('/v1/usage', async ({ id: requestId, body, headers }) => {
    try {
      const { request, isBatch } = parseUsage(body, headers['idempotency-key'], names)
      const results = receiptBodies(await book.report(request))
      return isBatch ? { results } : results[0]
    } catch (error) {
      refused(dimensionOf(body), explain(error).code, requestId)
      throw error
    }
  })
}

/** The dimension that a single report names. */
function dimensionOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'dimension' in body
    ? body.dimension
    : undefined
}

/** Formats each hour once: a batch has few, and formatting is the most expensive part of an answer. */
function receiptBodies(receipts: readonly ReportReceipt[]) {
  const times = new Map<number, string>()
  return receipts.map(({ result, hour, late }) => {
    const time = times.get(hour) ?? toIso(hour)
    times.set(hour, time)
    return { result, hour: time, late }
  })
}

/** Reads as JSON what `curl -d` declares to be a form, or refuses it as bad JSON. */
function acceptCurlBodies(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
}
