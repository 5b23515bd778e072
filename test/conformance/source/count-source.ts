import { SidecarError } from '../../../src/kernel/errors.ts'
import { parseQuantity } from '../../../src/metering/quantity.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { Source } from '../../../src/sources/source.ts'

interface Query {
  readonly dimension?: unknown
  readonly n?: unknown
}

/** A made-up source, `GET /count?dimension=requests&n=3`: all that a new one needs. */
export const countSource: Source = {
  name: 'count',
  start({ app, book, dimensions, refused, explain }) {
    app.get('/count', async ({ id, query }) => {
      const { dimension, n } = query as Query
      try {
        const known = dimensions.find(({ name }) => name === dimension)
        if (known === undefined) throw new SidecarError('UnknownDimension', 'Name a dimension.')
        const quantity = parseQuantity(n)
        if (!quantity.ok) throw new SidecarError('QuantityNotANumber', quantity.failure.reason)
        const report = {
          dimension: known.name,
          quantity: quantity.value,
          occurredAt: undefined,
          tags: untagged,
          idempotencyKey: undefined,
        }
        await book.report({ reports: [report], idempotencyKey: undefined })
        return { counted: n }
      } catch (error) {
        refused(dimension, explain(error).code, id)
        throw error
      }
    })
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  },
}
