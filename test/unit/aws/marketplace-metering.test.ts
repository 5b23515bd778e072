import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { MarketplaceMeteringOptions } from '../../../src/aws/marketplace-metering.ts'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import type { SidecarEvents } from '../../../src/kernel/events.ts'
import {
  answer,
  failureOf,
  openMetering,
  record,
  awsError,
  startEndpoint,
  type FakeEndpoint,
} from './support.ts'

/** An id that every answer of AWS has. */
const requestId = { 'x-amzn-requestid': 'id-of-the-request' }

let endpoint: FakeEndpoint
let api: MeteringApi
let calls: SidecarEvents['awsCalled'][]

const open = (more?: Partial<MarketplaceMeteringOptions>) => openMetering(endpoint, calls, more)

beforeEach(async () => {
  calls = []
  endpoint = await startEndpoint(answer(200, { MeteringRecordId: 'id-1' }))
  api = open()
})

afterEach(async () => {
  vi.unstubAllEnvs()
  api.close()
  await endpoint.close()
})

describe('what goes over the wire', () => {
  test('a record carries its own client token, its hour in whole seconds and no allocations', async () => {
    expect(await api.meterUsage(record)).toEqual({ ok: true, value: { meteringRecordId: 'id-1' } })
    expect(endpoint.seen).toHaveLength(1)
    expect(endpoint.seen[0]?.target).toBe('AWSMPMeteringService.MeterUsage')
    expect(endpoint.seen[0]?.body).toEqual({
      ProductCode: 'prod1',
      UsageDimension: 'requests',
      Timestamp: Date.parse('2026-03-10T09:15:00Z') / 1000,
      UsageQuantity: 7,
      ClientToken: 'record-token-1',
    })
    expect(endpoint.seen[0]?.authorization).toContain('/eu-west-1/aws-marketplace/aws4_request')
  })

  test('allocations keep their tags, and the untagged part has none', async () => {
    await api.meterUsage({
      ...record,
      allocations: [
        { quantity: 3_000_000n, tags: [{ key: 'team', value: 'blue' }] },
        { quantity: 4_000_000n, tags: [] },
      ],
    })
    expect(endpoint.seen[0]?.body['UsageAllocations']).toEqual([
      { AllocatedUsageQuantity: 3, Tags: [{ Key: 'team', Value: 'blue' }] },
      { AllocatedUsageQuantity: 4 },
    ])
  })

  test('a dry run asks for quantity zero with the same token for the same request', async () => {
    const request = { productCode: 'prod1', dimension: 'requests', timestamp: record.timestamp }
    await api.dryRun(request)
    await api.dryRun(request)
    await api.dryRun({ ...request, dimension: 'bytes' })
    const [first, second, third] = endpoint.seen.map((each) => each.body)
    expect(first).toMatchObject({ DryRun: true, UsageQuantity: 0 })
    expect(first?.['ClientToken']).toMatch(/^[0-9a-f]{64}$/)
    expect(second?.['ClientToken']).toBe(first?.['ClientToken'])
    expect(third?.['ClientToken']).not.toBe(first?.['ClientToken'])
  })

  test('a registration returns the token untouched and when its key expires', async () => {
    endpoint.reply = answer(200, {
      Signature: 'a.b.c',
      PublicKeyRotationTimestamp: Date.parse('2026-04-01T00:00:00Z') / 1000,
    })
    const request = { productCode: 'prod1', publicKeyVersion: 2, nonce: 'n' }
    expect(await api.registerUsage(request)).toEqual({
      ok: true,
      value: { signature: 'a.b.c', publicKeyRotationAt: Date.parse('2026-04-01T00:00:00Z') },
    })
    expect(endpoint.seen[0]?.body).toEqual({
      ProductCode: 'prod1',
      PublicKeyVersion: 2,
      Nonce: 'n',
    })
  })

  test('a rotation time of null counts as none', async () => {
    endpoint.reply = answer(200, { Signature: 'a.b.c', PublicKeyRotationTimestamp: null })
    const given = await api.registerUsage({ productCode: 'p', publicKeyVersion: 1, nonce: 'n' })
    expect(given).toEqual({
      ok: true,
      value: { signature: 'a.b.c', publicKeyRotationAt: undefined },
    })
  })

  test('a rotation time that no calendar has is still one that can be written', async () => {
    endpoint.reply = answer(200, { Signature: 'a.b.c', PublicKeyRotationTimestamp: 1e300 })
    const given = await api.registerUsage({ productCode: 'p', publicKeyVersion: 1, nonce: 'n' })
    expect(given).toMatchObject({ ok: true, value: { publicKeyRotationAt: 8.64e15 } })
  })

  test('endpoint settings of the environment do not lead the sidecar back to itself', async () => {
    const sidecar = await startEndpoint(answer(200, { MeteringRecordId: 'loop' }))
    vi.stubEnv('AWS_ENDPOINT_URL', sidecar.url)
    vi.stubEnv('AWS_ENDPOINT_URL_MARKETPLACE_METERING', sidecar.url)
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true')
    vi.stubEnv('AWS_MAX_ATTEMPTS', '5')
    const other = open()
    expect(await other.meterUsage(record)).toMatchObject({ ok: true })
    expect(sidecar.seen).toHaveLength(0)
    other.close()
    await sidecar.close()
  })

  test('one connection serves calls that follow each other', async () => {
    await api.meterUsage(record)
    await api.meterUsage(record)
    expect(endpoint.connections()).toBe(1)
  })
})

describe('answers', () => {
  test.each([
    ['a page', answer(200, '<html>ok</html>', { ...requestId, 'content-type': 'text/html' })],
    ['JSON of another kind', answer(200, {}, { ...requestId, 'content-type': 'application/json' })],
    ['nothing', answer(200, '', requestId)],
    ['a list', answer(200, [], requestId)],
    ['a text', answer(200, '"ok"', requestId)],
    ['an object without a request id', answer(200, { MeteringRecordId: 'r' })],
    ['an empty request id', answer(200, {}, { 'x-amzn-requestid': '' })],
    ['no content', answer(204, '', requestId)],
    ['an error without a request id', answer(400, { __type: 'DryRunOperation' })],
    [
      'an error of AWS with the status of success',
      answer(200, { __type: 'AccessDenied' }, requestId),
    ],
    ['an unknown error with it', answer(200, { __type: 'com.x#OddException' }, requestId)],
    [
      'an error in the header with it',
      answer(200, {}, { ...requestId, 'x-amzn-errortype': 'ThrottlingException:http://x/' }),
    ],
  ])('%s is no yes to a dry run, and is asked again', async (_, reply) => {
    endpoint.reply = reply
    const given = await api.dryRun({ productCode: 'p', dimension: 'd', timestamp: 0 })
    expect(failureOf(given)).toMatchObject({ kind: 'unavailable' })
  })

  test('an object of the protocol with a request id is a yes to a dry run', async () => {
    endpoint.reply = answer(200, {}, requestId)
    const given = await api.dryRun({ productCode: 'p', dimension: 'd', timestamp: 0 })
    expect(given).toMatchObject({ ok: true })
  })

  test('an error named DryRunOperation is a yes to a dry run', async () => {
    endpoint.reply = answer(400, { __type: 'DryRunOperation' }, requestId)
    const given = await api.dryRun({ productCode: 'p', dimension: 'd', timestamp: 0 })
    expect(given).toEqual({ ok: true, value: undefined })
    expect(calls[0]?.outcome).toBe('ok')
  })

  test.each([
    ['no record id', {}],
    ['an empty one', { MeteringRecordId: '' }],
    ['one longer than any of AWS', { MeteringRecordId: 'm'.repeat(256) }],
    ['blanks', { MeteringRecordId: ' ' }],
    ['one that no store can keep', { MeteringRecordId: 'm\0' }],
    ['a number', { MeteringRecordId: 17 }],
    ['an object', { MeteringRecordId: { id: 'm-1' } }],
    ['a list', { MeteringRecordId: ['m-1'] }],
    ['null', { MeteringRecordId: null }],
  ])('an answer with %s may have been billed and is a failure', async (_name, body) => {
    endpoint.reply = answer(200, body)
    expect(failureOf(await api.meterUsage(record))).toMatchObject({
      code: 'MeteringRecordIdMissing',
      kind: 'unavailable',
      ambiguous: true,
    })
  })

  test('an answer without a token is a failed registration', async () => {
    endpoint.reply = answer(200, {})
    const given = await api.registerUsage({ productCode: 'p', publicKeyVersion: 1, nonce: 'n' })
    expect(failureOf(given)).toMatchObject({ code: 'SignatureMissing', kind: 'unavailable' })
  })

  test.each([
    ['ThrottlingException', 400, 'throttled', false],
    ['InternalServiceErrorException', 500, 'unavailable', true],
    ['ServiceUnavailable', 503, 'unavailable', true],
    ['IdempotencyConflictException', 409, 'conflict', false],
    ['DuplicateRequestException', 400, 'duplicate', false],
    ['TimestampOutOfBoundsException', 400, 'out-of-window', false],
    ['CustomerNotEntitledException', 400, 'not-entitled', false],
    ['CustomerNotSubscribedException', 400, 'not-entitled', false],
    ['AccessDeniedException', 400, 'credentials', false],
    ['UnrecognizedClientException', 400, 'credentials', false],
    ['ExpiredTokenException', 400, 'credentials', false],
    ['PlatformNotSupportedException', 400, 'misconfigured', false],
    ['com.amazonaws.marketplacemetering#InvalidTagException', 400, 'invalid', false],
    ['SomethingNewException', 400, 'unavailable', true],
    ['__proto__', 400, 'unavailable', true],
  ])(
    '%s with status %i is %s, ambiguous: %s, and asked once',
    async (name, status, kind, ambiguous) => {
      endpoint.reply = awsError(name, status)
      const failure = failureOf(await api.meterUsage(record))
      expect(failure).toMatchObject({ kind, ambiguous, message: `said ${name}` })
      expect(failure.advice).not.toBe('')
      expect(endpoint.seen).toHaveLength(1)
      expect(calls).toMatchObject([{ operation: 'MeterUsage', outcome: kind }])
    },
  )

  test('a missing permission names the action and the role', async () => {
    endpoint.reply = awsError('AccessDeniedException')
    const { advice } = failureOf(await api.meterUsage(record))
    expect(advice).toContain('aws-marketplace:MeterUsage')
    expect(advice).toContain('task role')
    expect(advice).toContain('IRSA')
  })

  test('a signature refused for its time passes, because the next one is signed with AWS’s time', async () => {
    endpoint.reply = awsError(
      'InvalidSignatureException',
      400,
      'Signature expired: 1 is now earlier',
    )
    expect(failureOf(await api.meterUsage(record))).toMatchObject({
      code: 'RequestTimeTooSkewed',
      kind: 'unavailable',
      ambiguous: false,
    })
  })

  test.each([
    [502, '<html>Bad Gateway</html>', 'unavailable', true],
    [429, '', 'throttled', false],
    [403, '<html>Proxy</html>', 'unavailable', true],
    [200, '<html>Welcome</html>', 'unavailable', true],
    [500, '{"mess', 'unavailable', true],
  ])('a %i with the body %j is %s, ambiguous: %s', async (status, body, kind, ambiguous) => {
    endpoint.reply = answer(status, body)
    expect(failureOf(await api.meterUsage(record))).toMatchObject({ kind, ambiguous })
  })
})

describe('the event of a call', () => {
  test('gives the clock skew as AWS’s Date minus our clock', async () => {
    endpoint.reply = answer(
      200,
      { MeteringRecordId: 'id-1' },
      { date: 'Tue, 10 Mar 2026 09:16:30 GMT' },
    )
    await api.meterUsage(record)
    expect(calls).toMatchObject([{ operation: 'MeterUsage', outcome: 'ok', clockSkewSeconds: 90 }])
    expect(calls[0]?.seconds).toBeGreaterThan(0)
  })

  test('an error answer shows the skew too', async () => {
    endpoint.reply = answer(
      400,
      { __type: 'ThrottlingException' },
      { date: 'Tue, 10 Mar 2026 09:14:00 GMT' },
    )
    await api.meterUsage(record)
    expect(calls).toMatchObject([{ outcome: 'throttled', clockSkewSeconds: -60 }])
  })

  test('an invalid Date gives no skew', async () => {
    endpoint.reply = answer(200, { MeteringRecordId: 'id-1' }, { date: 'yesterday' })
    await api.meterUsage(record)
    expect(calls[0]?.clockSkewSeconds).toBeUndefined()
  })
})
