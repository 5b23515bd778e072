import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { problemTable, type ProblemCode } from '../../../src/kernel/problems/problem-table.ts'
import { rawRequest } from '../../support/sidecar/raw-request.ts'
import {
  startHarness,
  type JsonAnswer,
  type SidecarHarness,
} from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
beforeAll(async () => {
  harness = await startHarness({ settings: { SIDECAR_BODY_LIMIT_BYTES: '200000' } })
  await harness.entitled()
})
afterAll(() => harness.close())

/** Whatever was refused, the book is still empty. */
afterEach(() => expectEmptyBook())

async function expectEmptyBook(): Promise<void> {
  expect((await harness.get('/v1/usage')).body).toMatchObject({
    open: [],
    fractions: [],
    held: [],
    pending: [],
    settled: [],
  })
  expect((await harness.sidecar.ledger.audit()).filter(({ reported }) => reported !== 0n)).toEqual(
    [],
  )
}

function expectProblem({ status, headers, body }: JsonAnswer, code: ProblemCode): void {
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(status).toBe(problemTable[code].status)
  expect(body).toMatchObject({
    type: `urn:marketplace-sidecar:error:${code}`,
    title: problemTable[code].title,
    status,
    detail: expect.stringMatching(/\S/),
    code,
  })
}

const good = { dimension: 'requests', quantity: 1 }
const nanText = '{"dimension":"requests","quantity":NaN}'
const tags = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'value']))

const wrongReports: readonly (readonly [string, unknown, ProblemCode])[] = [
  ['an unknown dimension', { ...good, dimension: 'seats' }, 'UnknownDimension'],
  ['a dimension of another case', { ...good, dimension: 'Requests' }, 'UnknownDimension'],
  [
    'a dimension named like a part of JavaScript',
    { ...good, dimension: 'constructor' },
    'UnknownDimension',
  ],
  ['an empty dimension', { ...good, dimension: '' }, 'InvalidRequest'],
  ['a dimension of 256 characters', { ...good, dimension: 'x'.repeat(256) }, 'InvalidRequest'],
  ['a dimension that is a number', { ...good, dimension: 7 }, 'InvalidRequest'],
  ['no dimension', { quantity: 1 }, 'InvalidRequest'],
  ['no quantity', { dimension: 'requests' }, 'InvalidRequest'],
  ['an unknown member', { ...good, price: 3 }, 'InvalidRequest'],
  ['a list', [good], 'InvalidRequest'],
  ['null', null, 'InvalidRequest'],
  ['a number', 3, 'InvalidRequest'],
  ['a negative quantity', { ...good, quantity: -1 }, 'QuantityNegative'],
  ['a negative quantity in a string', { ...good, quantity: '-0.5' }, 'QuantityNegative'],
  ['NaN in a string', { ...good, quantity: 'NaN' }, 'QuantityNotANumber'],
  ['Infinity in a string', { ...good, quantity: 'Infinity' }, 'QuantityNotANumber'],
  ['a quantity that is an object', { ...good, quantity: { value: 1 } }, 'QuantityNotANumber'],
  ['a quantity that is a list', { ...good, quantity: [1] }, 'QuantityNotANumber'],
  ['a quantity that is null', { ...good, quantity: null }, 'QuantityNotANumber'],
  ['a quantity that is true', { ...good, quantity: true }, 'QuantityNotANumber'],
  ['an empty quantity', { ...good, quantity: '' }, 'QuantityNotANumber'],
  ['a quantity with a blank', { ...good, quantity: ' 1' }, 'QuantityNotANumber'],
  ['a hexadecimal quantity', { ...good, quantity: '0x10' }, 'QuantityNotANumber'],
  ['7 fractional digits', { ...good, quantity: 0.0000001 }, 'QuantityTooPrecise'],
  ['7 fractional digits in a string', { ...good, quantity: '1.0000001' }, 'QuantityTooPrecise'],
  [
    'a fraction that a JSON number cannot hold',
    { ...good, quantity: 2 ** 40 + 0.5 },
    'QuantityTooPrecise',
  ],
  ['more than 10^15', { ...good, quantity: '1000000000000000.000001' }, 'QuantityTooLarge'],
  [
    'occurredAt 6 minutes ahead',
    { ...good, occurredAt: '2026-03-10T09:21:00Z' },
    'OccurredAtInFuture',
  ],
  [
    'occurredAt over 6 hours back',
    { ...good, occurredAt: '2026-03-10T03:14:59Z' },
    'OccurredAtTooOld',
  ],
  [
    'occurredAt without a zone',
    { ...good, occurredAt: '2026-03-10T09:15:00' },
    'InvalidOccurredAt',
  ],
  [
    'occurredAt on a day that is none',
    { ...good, occurredAt: '2026-02-30T09:15:00Z' },
    'InvalidOccurredAt',
  ],
  ['occurredAt in seconds', { ...good, occurredAt: 1_773_134_100 }, 'InvalidOccurredAt'],
  ['6 tags', { ...good, tags: tags(6) }, 'InvalidTags'],
  ['an empty tag key', { ...good, tags: { '': 'x' } }, 'InvalidTags'],
  ['an empty tag value', { ...good, tags: { team: '' } }, 'InvalidTags'],
  ['a tag value that is a number', { ...good, tags: { team: 7 } }, 'InvalidTags'],
  [
    'a tag with a character that AWS does not take',
    { ...good, tags: { team: 'blau!' } },
    'InvalidTags',
  ],
  ['a tag key of 101 characters', { ...good, tags: { ['k'.repeat(101)]: 'x' } }, 'InvalidTags'],
  ['a tag value of 257 characters', { ...good, tags: { team: 'x'.repeat(257) } }, 'InvalidTags'],
  ['tags that are a list', { ...good, tags: ['team'] }, 'InvalidTags'],
  ['tags that are null', { ...good, tags: null }, 'InvalidTags'],
  ['an empty idempotency key', { ...good, idempotencyKey: '' }, 'InvalidIdempotencyKey'],
  ['an idempotency key with a blank', { ...good, idempotencyKey: 'a b' }, 'InvalidIdempotencyKey'],
  [
    'an idempotency key of 256 characters',
    { ...good, idempotencyKey: 'k'.repeat(256) },
    'InvalidIdempotencyKey',
  ],
  ['an idempotency key that is a number', { ...good, idempotencyKey: 7 }, 'InvalidIdempotencyKey'],
]

describe('POST /v1/usage refuses, and records nothing of,', () => {
  test.each(wrongReports)('%s', async (_name, report, code) => {
    const answer = await harness.post(report)
    expectProblem(answer, code)
    expect(answer.body).not.toHaveProperty('index')
  })

  test.each([
    ['NaN, which is not JSON', nanText],
    ['a body that breaks off', '{"dimension":"requests",'],
    ['two documents', '{"dimension":"requests","quantity":1}{}'],
    ['an empty body', ''],
    ['blanks', '  '],
  ])('%s', async (_name, body) => {
    expectProblem(await harness.post(body), 'InvalidJson')
  })

  test.each([
    ['a member __proto__', '{"dimension":"requests","quantity":1,"__proto__":{"x":1}}'],
    ['a tag __proto__', '{"dimension":"requests","quantity":1,"tags":{"__proto__":{"x":1}}}'],
    ['a member constructor.prototype', '{"dimension":"requests","constructor":{"prototype":{}}}'],
  ])('%s, and calls it by its name', async (_name, body) => {
    const answer = await harness.post(body)
    expectProblem(answer, 'InvalidRequest')
    expect(answer.body['detail']).toContain('"__proto__"')
  })

  test.each([
    ['quantity', '{"dimension":"requests","quantity":1,"quantity":2}'],
    ['quantity', '{"reports":[{"dimension":"requests","quantity":1,"qu\\u0061ntity":7}]}'],
    ['dimension', '{"dimension":"other","dimension" : "requests","quantity":2}'],
    ['team', '{"reports":[{"dimension":"requests","quantity":1,"tags":{"team":"a","team":"b"}}]}'],
  ])('a member %s that comes twice, of which the last would count', async (name, body) => {
    for (const type of ['application/json', 'application/json ; charset=utf-8']) {
      const answer = await harness.post(body, { 'content-type': type })
      expectProblem(answer, 'InvalidRequest')
      expect(answer.body['detail']).toContain(`"${name}" twice`)
    }
  })

  test.each([
    'application/json',
    'application/json ; charset=utf-8',
    'application/x-www-form-urlencoded',
  ])('a quantity that JavaScript would round, as %s', async (type) => {
    for (const quantity of ['2.9999999999999999999999', '5.0000000000000000001', '1e-400']) {
      for (const body of [
        `{"dimension":"requests","quantity":${quantity}}`,
        `{"reports":[{"dimension":"requests","quantity":1},{"dimension":"requests","quantity": ${quantity}}]}`,
      ]) {
        const answer = await harness.post(body, { 'content-type': type })
        expectProblem(answer, 'QuantityTooPrecise')
        expect(answer.body['detail']).toContain(quantity)
      }
    }
  })

  test('arrays in arrays beyond any stack, around a number that has to be looked at', async () => {
    const body = `${'['.repeat(50_000)} 1234567890123456.5${']'.repeat(50_000)}`
    expectProblem(await harness.post(body), 'InvalidRequest')
  })

  test('a body over the limit', async () => {
    const body = JSON.stringify({ ...good, tags: { team: 'x'.repeat(200_000) } })
    expectProblem(await harness.post(body), 'BodyTooLarge')
  })

  test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'json', ''])(
    'the content type %j',
    async (type) => {
      expectProblem(await harness.post(good, { 'content-type': type }), 'UnsupportedMediaType')
    },
  )

  test.each(['gzip', 'br', 'aws-chunked', 'gzip, identity', 'GZIP'])(
    'a body packed as %j, which is named, whatever reads it',
    async (encoding) => {
      const headers = { 'content-encoding': encoding }
      for (const body of [JSON.stringify(good), gzipSync(JSON.stringify(good))]) {
        const answer = await harness.post(body, headers)
        expectProblem(answer, 'UnsupportedMediaType')
        expect(answer.body).toMatchObject({ detail: expect.stringContaining('Content-Encoding') })
      }
    },
  )

  test.each(['', ' ', 'a b', 'k'.repeat(256), 'schlüssel'])(
    'the header Idempotency-Key: %j',
    async (key) => {
      expectProblem(await harness.post(good, { 'idempotency-key': key }), 'InvalidIdempotencyKey')
    },
  )

  test('the header Idempotency-Key given twice', async () => {
    const { status, text } = await rawRequest({
      port: harness.sidecar.appPort,
      method: 'POST',
      path: '/v1/usage',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'a, b' },
      body: JSON.stringify(good),
    })
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({ code: 'InvalidIdempotencyKey' })
  })
})

describe('a batch is refused whole', () => {
  test.each(wrongReports.filter(([, , code]) => !code.startsWith('OccurredAt')))(
    'for one report with %s, whose index is named',
    async (_name, report, code) => {
      const answer = await harness.post({ reports: [good, good, report, good] })
      expectProblem(answer, code)
      expect(answer.body['index']).toBe(2)
    },
  )

  test.each([
    ['2026-03-10T03:14:59Z', 'OccurredAtTooOld'],
    ['2026-03-10T09:20:01Z', 'OccurredAtInFuture'],
  ] as const)('for one report of %s, which is named', async (occurredAt, code) => {
    const answer = await harness.post({ reports: [good, { ...good, occurredAt }] })
    expectProblem(answer, code)
    expect(answer.body['index']).toBe(1)
  })

  test.each([
    ['no report', { reports: [] }],
    ['1001 reports', { reports: Array.from({ length: 1001 }, () => good) }],
    ['reports that are an object', { reports: good }],
    ['a member next to them', { reports: [good], quantity: 1 }],
  ])('for %s', async (_name, body) => {
    expectProblem(await harness.post(body), 'InvalidRequest')
  })
})

describe('other requests', () => {
  test.each([
    ['DELETE', '/v1/usage', 'GET, POST'],
    ['PUT', '/v1/usage', 'GET, POST'],
    ['OPTIONS', '/v1/usage', 'GET, POST'],
    ['POST', '/v1/entitlement', 'GET'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const init = { method, headers: { 'content-type': 'application/json' }, body: '{}' }
    const response = await fetch(`http://127.0.0.1:${harness.sidecar.appPort}${path}`, init)
    const { status, headers } = response
    const body = (await response.json()) as JsonAnswer['body']
    expectProblem({ status, headers, body }, 'MethodNotAllowed')
    expect(headers.get('allow')).toBe(allow)
  })

  test.each(['/v2/usage', '/v1/usage/', '/v1/Usage', '/metrics', '/livez', '/_emulator/records'])(
    '%s is 404',
    async (path) => {
      expectProblem(await harness.get(path), 'NotFound')
    },
  )

  test('a path that cannot be decoded is refused', async () => {
    const { status } = await harness.get('/v1/%')
    expect(status).toBe(400)
  })
})
