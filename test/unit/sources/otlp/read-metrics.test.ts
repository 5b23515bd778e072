import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedRequest } from '../../../../src/sources/otlp/metric.ts'
import { readJsonMetrics as readJsonInSlices } from '../../../../src/sources/otlp/read-json-metrics.ts'
import { readMetrics as readInSlices } from '../../../../src/sources/otlp/wire/read-metrics.ts'
import { readJsonMetrics, readMetrics } from '../../../support/otlp/read-whole.ts'
import { bytes, otlpJson, otlpProtobuf, varint } from '../../../support/otlp/otlp-request.ts'

const all = () => true
const at = Date.parse('2026-03-10T09:15:00Z')
const attributes = { kind: 'paid', tenant: 'é😀' }
const processes = [
  {
    resource: { 'service.name': 'shop' },
    metrics: [
      { name: 'app.requests', points: [{ value: 2n ** 53n + 1n, at, start: at - 1, attributes }] },
      { name: 'app.hosts', kind: 'gauge' as const, points: [{ value: 0.5, at, flags: 1 }] },
      { name: 'app.seconds', kind: 'histogram' as const, points: [{ value: 1, at }] },
    ],
  },
]
const request = otlpProtobuf(processes)

test('both encodings give the same metrics, with every digit', () => {
  const read = readMetrics(request, all)
  expect(readJsonMetrics(Buffer.from(JSON.stringify(otlpJson(processes))), all)).toEqual(read)
  expect(read.map(({ name, kind, pointCount }) => [name, kind, pointCount])).toEqual([
    ['app.requests', 'sum', 1],
    ['app.hosts', 'gauge', 1],
    ['app.seconds', 'histogram', 1],
  ])
  expect(read[0]?.points[0]).toMatchObject({
    value: '9007199254740993',
    start: 1773134099999000000n,
  })
  expect(read[0]?.points[0]?.attributes.get('tenant')).toBe('sé😀')
})

test('metrics that nobody wants are left out', () => {
  const read = readMetrics(request, (name) => name === 'app.hosts')
  expect(read.map(({ name }) => name)).toEqual(['app.hosts'])
})

test.each([
  ['a field that is longer than its message', Buffer.from([0x0a, 0x05, 0x01])],
  ['a varint without an end', Buffer.alloc(11, 0xff)],
  ['the field number 0', Buffer.from([0x02, 0x00])],
  ['a group', Buffer.from([0x0b])],
  ['a text that is not UTF-8', bytes(1, bytes(2, bytes(2, bytes(1, Buffer.from([0xff])))))],
])('%s refuses the whole request', (_, body) => {
  expect(() => readMetrics(body, all)).toThrow(MalformedRequest)
})

test('a field that is unknown, or known with another wire type, is skipped', () => {
  const more = Buffer.concat([varint(1, 7), bytes(99, Buffer.from('later')), request])
  expect(readMetrics(more, all)).toEqual(readMetrics(request, all))
})

test.each([
  '[]',
  '{"resourceMetrics":{}}',
  '{"resourceMetrics":[1]}',
  '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":1}]}]}]}',
])('JSON of another form is refused: %s', (text) => {
  expect(() => readJsonMetrics(Buffer.from(text), all)).toThrow(MalformedRequest)
})

test.each([
  { asInt: 2 ** 53 },
  { asInt: '1.5' },
  { asDouble: 'many' },
  { asInt: '1', timeUnixNano: -1 },
  { asInt: '1', flags: '-1' },
  { asInt: '1', flags: '1.5' },
  { asInt: '1', flags: true },
])('a point of another form is refused: %o', (point) => {
  const metrics = [{ name: 'a', gauge: { dataPoints: [point] } }]
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  expect(() => readJsonMetrics(Buffer.from(body), all)).toThrow(MalformedRequest)
})

test.each([
  [0, false],
  ['0', false],
  [1, true],
  ['1', true],
  ['4294967295', true],
  [null, false],
])('the flags %j are read as protobuf reads them', (flags, isEmpty) => {
  const metrics = [{ name: 'a', gauge: { dataPoints: [{ asInt: '1', flags }] } }]
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  expect(readJsonMetrics(Buffer.from(body), all)[0]?.points).toMatchObject([{ isEmpty }])
})

test('whatever is cut off or changed is read or refused, and nothing else happens', () => {
  const damage = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }), cut: fc.nat() })
  fc.assert(
    fc.property(damage, ({ at: where, to, cut }) => {
      const changed = Buffer.from(request)
      changed[where % changed.length] = to
      for (const body of [changed, request.subarray(0, cut % request.length)])
        expect(['read', 'refused']).toContain(outcomeOf(body))
    }),
  )
})

function outcomeOf(body: Buffer): unknown {
  try {
    readMetrics(body, all)
    return 'read'
  } catch (error) {
    return error instanceof MalformedRequest ? 'refused' : error
  }
}

/** Messages without content, of two bytes each. */
const empty = (field: number, count: number) =>
  Buffer.alloc(2 * count, Buffer.from([(field << 3) | 2, 0]))
const inMetric = (points: Buffer) =>
  bytes(1, bytes(2, bytes(2, Buffer.concat([bytes(1, Buffer.from('m')), bytes(7, points)]))))
const jsonOf = (points: string) =>
  Buffer.from(
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[${points}]}}]}]}]}`,
  )

test.each([
  ['points', inMetric(empty(1, 50_001)), /more than 50000 points/],
  ['metrics', bytes(1, bytes(2, empty(2, 500_001))), /more than 500000 parts/],
  ['scopes', bytes(1, empty(2, 500_001)), /more than 500000 parts/],
])('more %s than fit into the memory for a request are refused', (_, body, why) => {
  expect(() => readMetrics(body, all)).toThrow(why)
})

test.each([
  ['points', jsonOf(`${'{},'.repeat(50_000)}{}`), /more than 50000 points/],
  ['objects', jsonOf(`${'{},'.repeat(500_000)}{}`), /more than 500000 parts/],
  ['lists', Buffer.from(`[${'[],'.repeat(500_000)}[]]`), /more than 500000 parts/],
])('more %s of JSON than fit into it are refused too', (_, body, why) => {
  expect(() => readJsonMetrics(body, all)).toThrow(why)
})

test('an attribute whose lists are nested without end is refused', () => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const attribute = `{"key":"a","value":{"arrayValue":${nested}}}`
  const body = Buffer.from(`{"resourceMetrics":[{"resource":{"attributes":[${attribute}]}}]}`)
  expect(() => readJsonMetrics(body, all)).toThrow(/nested too deeply/)
})

/** Each with one point: what counts is how many there are in all. */
const manyMetrics = [
  {
    metrics: Array.from({ length: 1000 }, (_, index) => ({
      name: `app.${index}`,
      points: [{ value: 1, at }],
    })),
  },
]

test.each([
  ['protobuf', () => readInSlices(otlpProtobuf(manyMetrics), all)],
  ['JSON', () => readJsonInSlices(Buffer.from(JSON.stringify(otlpJson(manyMetrics))), all)],
])(
  'a large request of %s is read in slices, so that the check of the application is answered',
  (_, read) => {
    expect([...read()]).toHaveLength(4)
  },
)
