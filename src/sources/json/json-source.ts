import type { FastifyInstance } from 'fastify'
import { SidecarError } from '../../kernel/errors.ts'
import { isObject } from '../../kernel/is-object.ts'
import type { Source, SourceContext } from '../source.ts'
import { createJsonParser } from './json-parser.ts'
import { parseUsage } from './parse-usage.ts'
import { createReceiptText } from './receipt-text.ts'

/** `POST /v1/usage`, which answers when the usage is on disk. */
export const jsonSource: Source = {
  name: 'json',
  start(context) {
    acceptJsonBodies(context.app)
    usageRoute(context)
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  },
}

function usageRoute({ postJson, book, dimensions, refused, explain }: SourceContext): void {
  const named = new Map(dimensions.map((dimension) => [dimension.name, dimension]))
  const textOf = createReceiptText()
  postJson('/v1/usage', {
    async handle({ body, headers }) {
      const { request, isBatch } = parseUsage(body, headers['idempotency-key'], named)
      const results = (await book.report(request)).map(textOf).join(',')
      return isBatch ? `{"results":[${results}]}` : results
    },
    failed({ error, body, requestId }) {
      refused(dimensionOf(reportIn(body, error)), explain(error).code, requestId)
    },
  })
}

/** The report that is to blame: the only one, or that of a batch which the error names. */
function reportIn(body: unknown, error: unknown): unknown {
  if (!isObject(body) || !Array.isArray(body['reports'])) return body
  const reports: readonly unknown[] = body['reports']
  return error instanceof SidecarError && error.index !== undefined
    ? reports[error.index]
    : undefined
}

function dimensionOf(report: unknown): unknown {
  return isObject(report) ? report['dimension'] : undefined
}

/** Reads as JSON also what `curl -d` declares to be a form, or refuses it as bad JSON. */
function acceptJsonBodies(app: FastifyInstance): void {
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser(
    ['application/json', 'application/x-www-form-urlencoded'],
    { parseAs: 'buffer' },
    createJsonParser(app),
  )
}
