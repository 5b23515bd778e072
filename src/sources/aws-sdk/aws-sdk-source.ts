import type { Source } from '../source.ts'
import { addAwsFront } from './aws-front.ts'
import { createFrontHandlers } from './front-handlers.ts'

/** AWS's own protocol at `POST /`, so that an unchanged AWS SDK reports usage here. */
export const awsSdkSource: Source = {
  name: 'aws-sdk',
  start(context) {
    const divisors = new Map(context.dimensions.map(({ name, divisor }) => [name, divisor]))
    addAwsFront({ ...context, handlers: createFrontHandlers({ ...context, divisors }) })
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  },
}
