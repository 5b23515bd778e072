import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { createIdleAppServer } from '../../support/sidecar/http-servers.ts'
import { mistakeIn, operations } from '../../support/sidecar/openapi.ts'
import {
  startHarness,
  type JsonAnswer,
  type SidecarHarness,
} from '../../support/sidecar/sidecar-harness.ts'
import { startEmulator } from '../emulator/harness.ts'

const tooOld = '2026-03-10T01:00:00Z'

let harness: SidecarHarness
beforeAll(async () => {
  harness = await startHarness(await guardedProduct())
  await harness.entitled()
  await harness.post({ dimension: 'guarded', quantity: 2 })
  await harness.post({ dimension: 'requests', quantity: 2.5, tags: { team: 'blue' } })
  await harness.post({ dimension: 'storage', quantity: 1 })
  await harness.aws.control('faults', { operation: 'MeterUsage', error: 'AccessDeniedException' })
  await harness.endHour()
  await harness.attempts(2)
  const occurredAt = '2026-03-10T09:59:00Z'
  await harness.post({ dimension: 'requests', quantity: 1, occurredAt })
})
afterAll(() => harness.close())

/** The standard product, from a file that limits one more dimension. */
async function guardedProduct() {
  const aws = await startEmulator()
  const { productCode, route, dimensions } = demoProduct
  const file = {
    productCode,
    route,
    publicKeys: { 1: aws.emulator.publicKeyPem() },
    dimensions: [...dimensions, { name: 'guarded', maxPerHour: 1 }],
  }
  return {
    aws,
    files: { '/product.json': JSON.stringify(file) },
    settings: {
      SIDECAR_PRODUCT_FILE: '/product.json',
      SIDECAR_PRODUCT_CODE: undefined,
      SIDECAR_ROUTE: undefined,
      SIDECAR_PUBLIC_KEY_FILE: undefined,
      SIDECAR_DIMENSIONS: undefined,
    },
  }
}

/** Compares an answer of the sidecar with the response that the document has for it. */
async function expectDocumented(route: string, { status, headers, body }: JsonAnswer) {
  const response = operations.get(route)?.responses[status]
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  const { schema } = response?.content?.[type] ?? {}
  expect(schema, `${route} ${status} ${type}`).toBeDefined()
  expect(await mistakeIn(body, schema ?? {}), `${route} ${status}`).toBeUndefined()
  for (const name of Object.keys(response?.headers ?? {}))
    expect(headers.get(name), name).not.toBeNull()
}

test('the ledger matches the document, with something in every list', async () => {
  const answer = await harness.get('/v1/usage')
  await expectDocumented('GET /v1/usage', answer)
  for (const name of ['dimensions', 'open', 'fractions', 'held', 'late', 'pending', 'settled'])
    expect(answer.body[name], name).not.toEqual([])
  for (const name of ['lastFailure', 'nextSendAt', 'lastSuccessAt'])
    expect(answer.body[name], name).not.toBeNull()
})

test('an empty ledger matches the document', async () => {
  const answer = await createIdleAppServer().inject('/v1/usage')
  const schema =
    operations.get('GET /v1/usage')?.responses[200]?.content?.['application/json']?.schema
  expect(await mistakeIn(answer.json(), schema ?? {})).toBeUndefined()
})

test.each(['/v1/entitlement', '/v1/entitlement?wait=1', '/v1/entitlement?wait=no'])(
  'the answer to %s matches the document',
  async (path) => {
    await expectDocumented('GET /v1/entitlement', await harness.get(path))
  },
)

test.each(['?nonce=0123456789abcdef', '?nonce=short', ''])(
  'the answer to a proof%s matches the document',
  async (query) => {
    const answer = await harness.get(`/v1/entitlement/proof${query}`)
    await expectDocumented('GET /v1/entitlement/proof', answer)
  },
)

test.each([
  [200, { dimension: 'requests', quantity: 1 }],
  [200, { reports: [{ dimension: 'requests', quantity: '0.25' }] }],
  [400, { dimension: 'requests', quantity: -1 }],
  [400, { reports: [{ dimension: 'nothing', quantity: 1 }] }],
  [400, { dimension: 'requests', quantity: 1, occurredAt: tooOld }],
  [400, '{"dimension":'],
])('the answer of %i to a report is as the document says: %j', async (status, report) => {
  const answer = await harness.post(report)
  expect(answer.status).toBe(status)
  await expectDocumented('POST /v1/usage', answer)
})

test('answers to requests that the defences refuse match the document', async () => {
  const forwarded = await harness.get('/v1/usage', { 'x-forwarded-for': '10.0.0.1' })
  await expectDocumented('GET /v1/usage', forwarded)
  const media = await harness.post('<usage/>', { 'content-type': 'application/xml' })
  expect(media.status).toBe(415)
  await expectDocumented('POST /v1/usage', media)
})

test('the answers for denied and unreachable match the document', async () => {
  for (const prepare of [
    { path: 'settings', body: { entitled: false }, status: 403 },
    { path: 'faults', body: { drop: 'before', times: 1000 }, status: 503 },
  ]) {
    const other = await startHarness({ prepare: (aws) => aws.control(prepare.path, prepare.body) })
    try {
      await other.until(() => other.sidecar.entitlement.snapshot().state !== 'starting')
      const answer = await other.get('/v1/entitlement')
      expect(answer.status).toBe(prepare.status)
      await expectDocumented('GET /v1/entitlement', answer)
    } finally {
      await other.close()
    }
  }
})

const json = 'application/json'
const oddBodies: readonly (readonly [type: string, payload: string])[] = [
  [json, '{'],
  [json, ''],
  [json, '{"__proto__":1}'],
  [json, '{"x":1.00000000000000000001}'],
  [json, ' '.repeat(2000)],
  ['text/xml', '<x/>'],
]
const readingBodies = [...operations.keys()].filter((name) => /^(POST|PUT|DELETE) \/v1/.test(name))

test.each(readingBodies)(
  'whatever %s answers to a body that it cannot use is in the document',
  async (name) => {
    const [method = '', path = ''] = name.split(' ')
    for (const key of ['acme', '%E0%A4%A'])
      for (const [type, payload] of oddBodies) {
        const {
          statusCode: status,
          headers,
          body,
        } = await createIdleAppServer().inject({
          method: method as 'POST',
          url: path.replace('{key}', key),
          headers: { 'content-type': type },
          payload,
        })
        if (headers['content-type']?.startsWith(json) === true && path === '/v1/metrics') continue
        await expectDocumented(name, {
          status,
          headers: new Headers({ 'content-type': String(headers['content-type']) }),
          body: JSON.parse(body) as JsonAnswer['body'],
        })
      }
  },
)

test.each(['POST /v1/scrape', 'DELETE /v1/customers/acme', 'POST /v1/customers/acme/end'])(
  '%s needs no body, and the type of an empty one does not matter',
  async (name) => {
    const [method = '', url = ''] = name.split(' ')
    for (const type of [json, 'application/x-www-form-urlencoded', 'text/plain']) {
      const headers = { 'content-type': type, 'content-length': '0' }
      const answer = await createIdleAppServer().inject({ method: method as 'POST', url, headers })
      expect(answer.json()).toMatchObject({ status: 409 })
    }
  },
)
