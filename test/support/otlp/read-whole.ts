import * as json from '../../../src/sources/otlp/read-json-metrics.ts'
import * as wire from '../../../src/sources/otlp/wire/read-metrics.ts'

/** Does work in slices without a pause. */
export function whole<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

export const readMetrics = (...args: Parameters<typeof wire.readMetrics>) =>
  whole(wire.readMetrics(...args))

export const readJsonMetrics = (...args: Parameters<typeof json.readJsonMetrics>) =>
  whole(json.readJsonMetrics(...args))
