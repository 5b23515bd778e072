import { MarketplaceMeteringClient, MeterUsageCommand } from '@aws-sdk/client-marketplace-metering'
import { afterEach, describe, expect, test } from 'vitest'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { startHarness } from '../../support/sidecar/sidecar-harness.ts'
import {
  acme,
  closeSaas,
  globex,
  nine,
  optionsOf,
  product,
  productCode,
  recordsNow,
  register,
  send,
  startSaas,
} from './saas-world.ts'

afterEach(closeSaas)

describe('a SaaS product', () => {
  test('has customers with keys of 255 characters, each written as three in a path', async () => {
    const key = '/'.repeat(255)
    const running = await startSaas()
    const path = `/v1/customers/${encodeURIComponent(key)}`
    const names = { accountId: acme.customerAwsAccountId, licenseArn: acme.licenseArn }
    const answers = [
      await running.post({ dimension: 'requests', quantity: 2, customer: key }),
      await send('PUT', path, names),
      await running.get(path),
      await send('POST', `${path}/end`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers[3]?.body).toMatchObject({ key, active: false })
    const pages = ['', '?after=', '?limit=0', '?limit=101', '?after=%00', '?after=a%20b'].map(
      async (query) => (await running.get(`/v1/customers${query}`)).status,
    )
    expect(await Promise.all(pages)).toEqual([200, 200, 400, 400, 400, 400])
  })

  test('bills one record for each customer, dimension and hour, across a restart', async () => {
    const first = await startSaas()
    await first.entitled()
    expect((await register('acme', 'token-of-acme')).status).toBe(200)
    expect(
      (await first.post({ dimension: 'requests', quantity: 2, customer: 'acme' })).status,
    ).toBe(200)
    const batch = [
      { dimension: 'requests', quantity: 5, customer: 'globex' },
      { dimension: 'storage', quantity: 7, customer: 'globex' },
      { dimension: 'requests', quantity: 3, customer: 'acme' },
    ]
    expect((await first.post({ reports: batch })).status).toBe(200)
    const { aws, dataDir } = first

    await first.sidecar.stop()
    expect(await recordsNow()).toEqual([])
    const again = await startSaas({ aws, dataDir, hostname: 'another-pod' })
    expect(again.sidecar.ledger.owner.adoptedFrom).toBeUndefined()
    expect((await register('globex', 'token-of-globex')).status).toBe(200)
    expect(
      (await again.post({ dimension: 'requests', quantity: 4, customer: 'acme' })).status,
    ).toBe(200)

    await again.clock.advance(hourOf(again.clock.now()) + hourMs - again.clock.now())
    await again.clock.advance(hourMs - 1)
    expect(await recordsNow()).toEqual([])
    await again.clock.advance(1)
    await again.until(async () => (await again.records()).length === 3)
    expect(await recordsNow()).toEqual([
      [acme.licenseArn, 'requests', nine, 9],
      [globex.licenseArn, 'requests', nine, 5],
      [globex.licenseArn, 'storage', nine, 7],
    ])
    const calls = (await again.calls()).filter(({ operation }) => operation === 'BatchMeterUsage')
    // One call asks before each start whether metering is permitted.
    expect(calls).toHaveLength(3)
  })

  test('sends the current hour of a customer whose licence ends, and nothing of the others', async () => {
    const running = await startSaas()
    await register('acme', 'token-of-acme')
    await register('globex', 'token-of-globex')
    await running.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
    await running.post({ dimension: 'requests', quantity: 3, customer: 'globex' })
    const ended = await send('POST', '/v1/customers/acme/end')
    expect(ended).toMatchObject({ status: 200, body: { key: 'acme', active: false } })
    await running.until(async () => (await running.records()).length === 1)
    expect(await recordsNow()).toEqual([[acme.licenseArn, 'requests', nine, 2]])
  })

  test('ends a licence by the event of AWS, once', async () => {
    const running = await startSaas()
    await register('acme', 'token-of-acme')
    await running.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
    const event = {
      id: 'event-1',
      source: 'aws.agreement-marketplace',
      'detail-type': 'License Deprovisioned - Manufacturer',
      detail: { license: { arn: acme.licenseArn } },
    }
    expect((await send('POST', '/v1/events', event)).body).toEqual({ result: 'accepted' })
    expect((await send('POST', '/v1/events', event)).body).toEqual({ result: 'duplicate' })
    await running.until(async () => (await running.records()).length === 1)
  })

  test('refuses tokens of nobody, old ones, and those of customers of another product', async () => {
    const { log, lines } = createRecordedLog()
    const running = await startSaas({ log })
    expect(await register('x', 'no-such-token')).toMatchObject({
      status: 400,
      body: { code: 'RegistrationTokenInvalid' },
    })
    expect(await register('x', 'old-token-of-acme')).toMatchObject({
      status: 410,
      body: { code: 'RegistrationTokenExpired' },
    })
    expect(await register('x', 'token-of-stranger')).toMatchObject({
      status: 409,
      body: { code: 'CustomerOfAnotherProduct' },
    })
    expect((await running.get('/v1/customers/x')).status).toBe(404)
    expect(JSON.stringify(lines)).not.toContain('token-of')
  })

  test('makes a burst of registrations wait, and asks AWS for none of them', async () => {
    const running = await startSaas()
    const answers = await Promise.all(
      Array.from({ length: 11 }, () => register('acme', 'token-of-acme')),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1)
    const calls = (await running.calls()).filter(({ operation }) => operation === 'ResolveCustomer')
    expect(calls).toHaveLength(10)
  })

  test('refuses usage without a customer, from every way in', async () => {
    const running = await startSaas()
    expect(await running.post({ dimension: 'requests', quantity: 1 })).toMatchObject({
      status: 400,
      body: { code: 'InvalidCustomer' },
    })
    const sdk = new MarketplaceMeteringClient({
      endpoint: `http://127.0.0.1:${running.sidecar.appPort}`,
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIAAPPLICATION', secretAccessKey: 'secret' },
    })
    const call = {
      ProductCode: productCode,
      UsageDimension: 'requests',
      UsageQuantity: 1,
      Timestamp: new Date(running.clock.now()),
    }
    await expect(sdk.send(new MeterUsageCommand(call))).rejects.toThrow('the report names none')
    sdk.destroy()
    expect(await recordsNow()).toEqual([])
    const { open } = (await running.get('/v1/usage')).body
    expect(open).toEqual([])
  })

  test('calls AWS for no record from another region', async () => {
    const file = { ...product, region: 'us-east-1' }
    const running = await startSaas(optionsOf(file))
    expect((await running.get('/v1/entitlement')).body).toMatchObject({ code: 'RegionMismatch' })
    expect(await running.calls()).toEqual([])
  })

  test('does not open a ledger of another region, or of a product without customers', async () => {
    const first = await startSaas()
    await register('acme', 'token-of-acme')
    await first.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
    const { aws, dataDir } = first
    await first.sidecar.stop()
    const moved = optionsOf({ ...product, region: 'us-east-1' })
    await expect(startSaas({ ...moved, aws, dataDir })).rejects.toThrow(
      `belongs to saas:${productCode}:eu-west-1, and this is saas:${productCode}:us-east-1`,
    )
    await expect(startHarness({ aws, dataDir })).rejects.toThrow('and this is host:test-host')
    const again = await startSaas({ aws, dataDir })
    expect((await again.get('/v1/customers/acme')).body['open']).toHaveLength(1)
  })
})

test('a product without customers refuses usage of one', async () => {
  const harness = await startHarness()
  const answer = await harness.post({ dimension: 'requests', quantity: 1, customer: 'acme' })
  await harness.close()
  expect(answer).toMatchObject({ status: 400, body: { code: 'InvalidCustomer' } })
})
