import { afterEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { eventually } from '../../support/eventually.ts'
import { startMetadataServer } from '../../support/sidecar/metadata-server.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
const start = async (options?: SidecarOptions) => (harness = await startHarness(options))
afterEach(() => harness.close())

describe('GET /v1/entitlement', () => {
  test('answers 200 with all its members once AWS has confirmed the buyer', async () => {
    await start()
    await harness.entitled()
    const { status, headers, body } = await harness.get('/v1/entitlement')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.has('retry-after')).toBe(false)
    expect(body).toEqual({
      entitled: true,
      state: 'entitled',
      code: 'Entitled',
      message: 'AWS Marketplace confirms that the buyer may run this product.',
      since: '2026-03-10T09:15:00.000Z',
      productCode: demoProduct.productCode,
      route: 'both',
      region: 'eu-west-1',
      publicKeyRotationAt: null,
      transitions: [
        { at: '2026-03-10T09:15:00.000Z', from: 'starting', to: 'entitled', code: 'Entitled' },
      ],
    })
  })

  test.each([
    ['hourly', ['RegisterUsage']],
    ['metered', ['MeterUsage']],
    ['both', ['RegisterUsage', 'MeterUsage']],
  ])('on the route %s is proved by %j', async (route, operations) => {
    const keyless = route === 'metered' ? { SIDECAR_PUBLIC_KEY_FILE: undefined } : {}
    await start({ settings: { SIDECAR_ROUTE: route, ...keyless } })
    await harness.entitled()
    expect((await harness.calls()).map((call) => call.operation)).toEqual(operations)
    expect(await harness.records()).toEqual([])
  })

  test('accepts the other documented answer to a dry run as a yes', async () => {
    await start({ prepare: (aws) => aws.control('settings', { dryRunForm: 'error' }) })
    expect((await harness.get('/v1/entitlement?wait=10')).status).toBe(200)
  })

  test('answers 403 and stays there when AWS says that the buyer is not entitled', async () => {
    await start({ prepare: (aws) => aws.control('settings', { entitled: false }) })
    const { status, headers, body } = await harness.get('/v1/entitlement?wait=10')
    expect(status).toBe(403)
    expect(headers.has('retry-after')).toBe(false)
    expect(body).toMatchObject({
      entitled: false,
      state: 'denied',
      code: 'CustomerNotEntitledException',
      message: expect.stringContaining('Subscribe to the product'),
    })
    await harness.aws.control('settings', { entitled: true })
    expect((await harness.get('/v1/entitlement')).status).toBe(403)
  })

  test('answers 503 with Retry-After while AWS has not answered, and holds ?wait= until it has', async () => {
    const hold = { operation: 'RegisterUsage', delayMs: 5000 }
    await start({ prepare: (aws) => aws.control('faults', hold) })
    const waiting = harness.get('/v1/entitlement?wait=30')
    const { status, headers, body } = await harness.get('/v1/entitlement')
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('1')
    expect(body).toMatchObject({ entitled: false, state: 'starting', code: 'Starting' })
    expect((await harness.get('/v1/entitlement?wait=0')).status).toBe(503)

    await eventually(() => harness.clock.waiting > 1)
    await harness.clock.advance(5000)
    expect((await waiting).status).toBe(200)
  })

  test('names the failure while AWS cannot be used, and answers 200 as soon as it can', async () => {
    const fault = { operation: '*', times: 1000, error: 'ThrottlingException' }
    await start({ prepare: (aws) => aws.control('faults', fault) })
    const answer = await eventually(async () => {
      const now = await harness.get('/v1/entitlement')
      return now.body['state'] === 'unreachable' && now
    })
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(answer.body).toMatchObject({ entitled: false, code: 'ThrottlingException' })
    await harness.aws.control('reset', {})
    expect((await harness.get('/v1/entitlement?wait=20')).status).toBe(200)
  })

  test.each(['', 'soon', '-1', '1.5', '301', '9999', '1&wait=2'])(
    'refuses wait=%s',
    async (wait) => {
      await start()
      const { status, body } = await harness.get(`/v1/entitlement?wait=${wait}`)
      expect(status).toBe(400)
      expect(body).toMatchObject({ code: 'InvalidRequest' })
    },
  )

  test('ends every wait at the shutdown', async () => {
    const hold = { operation: 'RegisterUsage', delayMs: 60_000 }
    await start({ prepare: (aws) => aws.control('faults', hold) })
    const waiting = harness.get('/v1/entitlement?wait=300')
    await harness.get('/v1/entitlement')
    await harness.sidecar.stop()
    expect((await waiting).status).toBe(503)
  })
})

describe('a record that AWS refuses because the subscription ended', () => {
  test('turns the answer to 403, and one that it accepts turns it back', async () => {
    await start()
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 3 })
    await harness.aws.control('settings', { entitled: false })
    await harness.endHour()
    await harness.attempts(1)
    const denied = await harness.until(async () => {
      const answer = await harness.get('/v1/entitlement')
      return answer.status === 403 && answer
    })
    expect(denied.body).toMatchObject({ state: 'denied', code: 'CustomerNotEntitledException' })
    expect((await harness.post({ dimension: 'requests', quantity: 4 })).status).toBe(200)
    expect(await harness.records()).toEqual([])

    await harness.aws.control('settings', { entitled: true })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 2)
    await harness.until(async () => (await harness.get('/v1/entitlement')).status === 200)
    const quantities = (await harness.records()).map(({ quantity }) => quantity)
    expect(new Set(quantities)).toEqual(new Set([3, 4]))
  })
})

describe('a task in another region than the settings say', () => {
  test('is denied with RegionMismatch, and AWS is never called, not even with usage', async () => {
    const arn = 'arn:aws:ecs:us-east-1:123456789012:task/cluster/0123456789abcdef'
    const metadata = await startMetadataServer((_request, response) =>
      response.end(JSON.stringify({ TaskARN: arn })),
    )
    await start({ env: { ECS_CONTAINER_METADATA_URI_V4: metadata.url } })
    expect(harness.sidecar.platform.resource).toBe(arn)
    const { status, body } = await harness.get('/v1/entitlement')
    expect(status).toBe(403)
    expect(body).toMatchObject({ state: 'denied', code: 'RegionMismatch', region: 'us-east-1' })
    expect(body['message']).toContain('SIDECAR_REGION says eu-west-1')

    expect((await harness.post({ dimension: 'requests', quantity: 3 })).status).toBe(200)
    await harness.endHour()
    await harness.attempts(1)
    expect((await harness.get('/v1/usage')).body).toMatchObject({
      pending: [{ quantity: 3, state: 'refused', lastCode: 'RegionMismatch' }],
    })
    await harness.sidecar.stop()
    expect(await harness.calls()).toEqual([])
    await metadata.close()
  })
})
