import type { FastifyInstance } from 'fastify'
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
      refused(dimensionOf(body), explain(error).code, requestId)
    },
  })
}

/** The dimension that a single report names. */
function dimensionOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'dimension' in body
    ? body.dimension
    : undefined
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
