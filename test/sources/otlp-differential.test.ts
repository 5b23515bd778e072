import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pythonProgram } from '../../scripts/tools/source-tools.ts'
import { MalformedRequest, type OtlpMetric } from '../../src/sources/otlp/metric.ts'
import { readJsonMetrics, readMetrics } from '../support/otlp/read-whole.ts'

const seed = Number(process.env['SIDECAR_TEST_SEED'] ?? 1)
const all = () => true

/** The bytes that Google's library makes of requests in their JSON form. */
async function encodeWithPython(requests: readonly object[]): Promise<readonly Buffer[]> {
  const [command, program] = await pythonProgram('encode_otlp.py')
  const python = spawn(command, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  python.stdin.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''))
  const encoded: Buffer[] = []
  for await (const line of createInterface({ input: python.stdout }))
    encoded.push(Buffer.from(line, 'base64'))
  return encoded
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const nanoseconds = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.constantFrom('NaN', 'Infinity', '-Infinity'),
)
const attribute = fc.record({
  key: text,
  value: fc.oneof(
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: int64 }),
    fc.record({ doubleValue: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({ arrayValue: fc.record({ values: fc.constant([{ stringValue: 'a' }]) }) }),
  ),
})
const attributes = fc.uniqueArray(attribute, { maxLength: 4, selector: ({ key }) => key })
const point = fc
  .record({
    attributes,
    startTimeUnixNano: nanoseconds,
    timeUnixNano: nanoseconds,
    flags: fc.nat({ max: 3 }),
    number: fc.oneof(fc.record({ asInt: int64 }), fc.record({ asDouble: double })),
  })
  .map(({ number, ...rest }) => ({ ...rest, ...number }))
const dataPoints = fc.array(point, { maxLength: 5 })
const aggregationTemporality = fc.nat({ max: 2 })
const metric = fc
  .record({
    name: text,
    description: text,
    unit: text,
    data: fc.oneof(
      fc.record({ gauge: fc.record({ dataPoints }) }),
      fc.record({
        sum: fc.record({ dataPoints, aggregationTemporality, isMonotonic: fc.boolean() }),
      }),
      fc.record({
        histogram: fc.record({
          aggregationTemporality,
          dataPoints: fc.array(
            fc.record({ count: fc.nat().map(String), sum: fc.nat(), attributes }),
            { maxLength: 3 },
          ),
        }),
      }),
      fc.record({
        summary: fc.record({
          dataPoints: fc.array(fc.record({ count: fc.nat().map(String) }), { maxLength: 3 }),
        }),
      }),
    ),
  })
  .map(({ data, ...rest }) => ({ ...rest, ...data }))
const request = fc.record({
  resourceMetrics: fc.array(
    fc.record({
      schemaUrl: text,
      resource: fc.record({ attributes, droppedAttributesCount: fc.nat() }),
      scopeMetrics: fc.array(
        fc.record({
          scope: fc.record({ name: text, version: text, attributes }),
          metrics: fc.array(metric, { maxLength: 4 }),
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 3 },
  ),
})

/** Numbers as numbers, and values that nothing looks into as one. */
function comparable(metrics: readonly OtlpMetric[]): unknown {
  const plain = (of: ReadonlyMap<string, string>) =>
    [...of].map(([key, value]) => [
      key,
      value.startsWith('x') ? 'x' : value.startsWith('d') ? Number(value.slice(1)) + 0 : value,
    ])
  return metrics.map((each) => ({
    ...each,
    resource: plain(each.resource),
    points: each.points.map(({ value, ...rest }) => ({
      ...rest,
      value: value?.includes('e') === true ? Number(value) : value?.replace(/^-0$/, '0'),
      attributes: plain(rest.attributes),
    })),
  }))
}

test('the reader of OTLP reads what Google’s library writes as it reads the JSON form', async () => {
  const requests = fc.sample(request, { numRuns: 2000, seed })
  const encoded = await encodeWithPython(requests)
  expect(encoded).toHaveLength(requests.length)
  for (const [index, bytes] of encoded.entries()) {
    const json = Buffer.from(JSON.stringify(requests[index]))
    expect(comparable(readMetrics(bytes, all))).toEqual(comparable(readJsonMetrics(json, all)))
  }
})

test('the reader of OTLP refuses or reads what is cut off or changed, and never fails otherwise', async () => {
  const encoded = await encodeWithPython(fc.sample(request, { numRuns: 300, seed }))
  const damage = fc.sample(fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) }), {
    numRuns: 20,
    seed,
  })
  const outcomes = encoded.flatMap((bytes) =>
    damage.flatMap(({ at, to }) => {
      const changed = Buffer.from(bytes)
      if (changed.length > 0) changed[at % changed.length] = to
      return [changed, bytes.subarray(0, at % (bytes.length + 1))].map(outcomeOf)
    }),
  )
  expect(new Set(outcomes)).toEqual(new Set(['read', 'refused']))
})

function outcomeOf(body: Buffer): unknown {
  try {
    readMetrics(body, all)
    return 'read'
  } catch (error) {
    return error instanceof MalformedRequest ? 'refused' : error
  }
}
