import { afterEach, describe, expect, test } from 'vitest'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { authorization, callFront, startSeconds } from '../../support/aws/front-call.ts'
import type { SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'
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
  stranger,
} from './saas-world.ts'

let running: SidecarHarness
afterEach(closeSaas)

type Buyer = typeof acme

const byLicence = ({ customerAwsAccountId, licenseArn }: Buyer) => ({
  CustomerAWSAccountId: customerAwsAccountId,
  LicenseArn: licenseArn,
})
const byIdentifier = ({ customerIdentifier }: Buyer) => ({ CustomerIdentifier: customerIdentifier })
const byAccount = ({ customerAwsAccountId }: Buyer) => ({
  CustomerAWSAccountId: customerAwsAccountId,
})

const usage = (who: object, Quantity: number, more: object = {}) => ({
  Timestamp: startSeconds,
  Dimension: 'requests',
  Quantity,
  ...who,
  ...more,
})

const callFor = (operation: 'BatchMeterUsage' | 'ResolveCustomer', input: object) =>
  callFront(running.sidecar.appPort, operation, input)
const batch = (...UsageRecords: object[]) => callFor('BatchMeterUsage', { UsageRecords })
const resolve = (RegistrationToken: string) => callFor('ResolveCustomer', { RegistrationToken })

interface BatchBody {
  readonly Results?: readonly {
    readonly Status: string
    readonly MeteringRecordId?: string
    readonly UsageRecord: object
  }[]
}
const resultsOf = ({ body }: { readonly body: object }) => (body as BatchBody).Results ?? []
const statusesOf = (answer: { readonly body: object }) =>
  resultsOf(answer).map(({ Status }) => Status)

async function closeTheHour(): Promise<void> {
  // An answer of AWS that is under way while the clock jumps would say another time.
  await running.entitled()
  await running.clock.advance(hourOf(running.clock.now()) + 2 * hourMs - running.clock.now())
}

const sent = async (count: number) => {
  const isSent = async () => (await running.records()).length >= count
  for (let minute = 0; minute < 120 && !(await isSent()); minute += 1)
    await running.clock.advance(60_000)
  await running.until(isSent)
  return recordsNow()
}

describe('BatchMeterUsage of an unchanged SDK', () => {
  test('goes into the book, and leaves it with the usage of other ways in', async () => {
    running = await startSaas()
    await running.entitled()
    await register('acme', 'token-of-acme')
    await running.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
    const records = [usage(byLicence(acme), 3), usage(byLicence(globex), 5)]
    const answer = await batch(...records)
    expect(answer).toMatchObject({ status: 200, body: { UnprocessedRecords: [] } })
    expect(statusesOf(answer)).toEqual(['Success', 'Success'])
    expect(resultsOf(answer).map(({ UsageRecord }) => UsageRecord)).toEqual(records)
    expect(await recordsNow()).toEqual([])

    await closeTheHour()
    expect(await sent(2)).toEqual([
      [acme.licenseArn, 'requests', nine, 5],
      [globex.licenseArn, 'requests', nine, 5],
    ])
    const found = await running.sidecar.ledger.usage()
    expect(found.settled).toHaveLength(2)
  })

  test('is refused for the code of another product, and nothing of it is recorded', async () => {
    running = await startSaas()
    const records = [usage(byIdentifier(acme), 2)]
    const { body } = await callFor('BatchMeterUsage', {
      ProductCode: stranger.productCode,
      UsageRecords: records,
    })
    expect(body).toMatchObject({ __type: 'InvalidProductCodeException' })
    expect((await running.get('/v1/usage')).body['open']).toEqual([])
    expect((await running.get('/v1/customers')).body['customers']).toEqual([])
  })

  test('that is sent until it succeeds is billed once', async () => {
    running = await startSaas()
    const again = [usage(byLicence(acme), 3), usage(byLicence(acme), 7, { Dimension: 'storage' })]
    const [first] = await Promise.all([batch(...again), batch(...again), batch(...again)])
    const later = await batch(usage(byLicence(acme), 3, { Timestamp: startSeconds + 600 }))
    expect(statusesOf(later)).toEqual(['Success'])
    expect(resultsOf(later)[0]?.MeteringRecordId).toBe(resultsOf(first)[0]?.MeteringRecordId)
    const { aws, dataDir } = running
    await running.sidecar.stop()
    running = await startSaas({ aws, dataDir })
    await closeTheHour()
    expect(statusesOf(await batch(...again))).toEqual(['Success', 'Success'])
    await closeTheHour()
    expect(await sent(2)).toEqual([
      [acme.licenseArn, 'requests', nine, 3],
      [acme.licenseArn, 'storage', nine, 7],
    ])
  })

  test('with another quantity for an hour is answered DuplicateRecord, and the first stands', async () => {
    running = await startSaas()
    const answer = await batch(
      usage(byLicence(acme), 3),
      usage(byLicence(acme), 4),
      usage(byLicence(acme), 3, { QuantityAsDecimal: '3.0', Quantity: undefined }),
    )
    expect(statusesOf(answer)).toEqual(['Success', 'DuplicateRecord', 'Success'])
    expect(statusesOf(await batch(usage(byLicence(acme), 4)))).toEqual(['DuplicateRecord'])
    await closeTheHour()
    expect(await sent(1)).toEqual([[acme.licenseArn, 'requests', nine, 3]])
  })

  test('is refused whole for one record that AWS would refuse', async () => {
    running = await startSaas()
    const good = usage(byLicence(acme), 3)
    const answerTo = async (bad: object) => (await batch(good, bad)).body['__type']
    const old = { Timestamp: startSeconds - 25 * 3600 }
    expect(await answerTo(usage(byLicence(globex), 1, old))).toBe('TimestampOutOfBoundsException')
    const before = usage(byLicence(globex), 1, { Timestamp: -1e13 })
    expect(await answerTo(before)).toBe('TimestampOutOfBoundsException')
    const foreign = usage(byLicence(globex), 1, { Dimension: 'no-such' })
    expect(await answerTo(foreign)).toBe('InvalidUsageDimensionException')
    expect(await answerTo(usage(byAccount(stranger), 1))).toBe('InvalidLicenseException')
    for (const CustomerIdentifier of ['a\0', '\ud800', 'a b'])
      expect(await answerTo(usage({ CustomerIdentifier }, 1))).toBe(
        'InvalidCustomerIdentifierException',
      )
    expect((await running.get('/v1/usage')).body['open']).toEqual([])
  })

  test('with an empty identifier is that of the licence, and of nobody without one', async () => {
    running = await startSaas()
    const empty = { CustomerIdentifier: '' }
    const whose = [acme, globex].map((buyer) => ({ ...byLicence(buyer), ...empty }))
    const [first = {}, second = {}] = whose
    expect(statusesOf(await batch(usage(first, 3), usage(second, 4)))).toEqual([
      'Success',
      'Success',
    ])
    expect((await batch(usage(empty, 5))).status).toBe(400)
    await closeTheHour()
    expect(await sent(2)).toEqual([
      [acme.licenseArn, 'requests', nine, 3],
      [globex.licenseArn, 'requests', nine, 4],
    ])
  })

  test('that repeats an hour is answered Success when AWS accepts it no more', async () => {
    running = await startSaas()
    await batch(usage(byLicence(acme), 3))
    await running.clock.advance(26 * hourMs)
    expect(statusesOf(await batch(usage(byLicence(acme), 3)))).toEqual(['Success'])
    expect(statusesOf(await batch(usage(byLicence(acme), 4)))).toEqual(['DuplicateRecord'])
    const later = usage(byLicence(acme), 3, { Timestamp: startSeconds + 3600 })
    expect((await batch(later)).body['__type']).toBe('TimestampOutOfBoundsException')
  })

  test('by an identifier waits for the registration, and is then billed by the licence', async () => {
    running = await startSaas()
    const record = usage(byIdentifier(acme), 3)
    const of = (...records: object[]) =>
      callFor('BatchMeterUsage', { ProductCode: productCode, UsageRecords: records })
    expect(statusesOf(await of(record))).toEqual(['Success'])
    await closeTheHour()
    expect(await recordsNow()).toEqual([])
    expect((await register('acme', 'token-of-acme')).status).toBe(200)
    expect(statusesOf(await of(record, usage(byLicence(acme), 3)))).toEqual(['Success', 'Success'])
    expect(await sent(1)).toEqual([[acme.licenseArn, 'requests', nine, 3]])
    expect((await running.get('/v1/customers/acme')).body).toMatchObject({ open: [] })
  })

  test('of a licence that has ended is sent at once', async () => {
    running = await startSaas()
    await register('acme', 'token-of-acme')
    await send('POST', '/v1/customers/acme/end')
    await batch(usage(byLicence(acme), 3))
    await running.clock.advance(60_000)
    expect(await sent(1)).toEqual([[acme.licenseArn, 'requests', nine, 3]])
  })

  test('is refused from another region than that of the product file', async () => {
    running = await startSaas(optionsOf({ ...product, region: 'us-east-1' }))
    expect((await batch(usage(byLicence(acme), 3))).body['__type']).toBe(
      'InvalidEndpointRegionException',
    )
  })

  test('without records asks AWS whether metering is permitted', async () => {
    running = await startSaas()
    await running.entitled()
    const before = (await running.calls()).length
    expect((await batch()).status).toBe(200)
    expect(await running.calls()).toHaveLength(before + 1)
  })
})

describe('ResolveCustomer of an unchanged SDK', () => {
  test('registers the customer before its answer, and gives what AWS answered', async () => {
    running = await startSaas()
    const answer = await resolve('token-of-acme')
    expect(answer).toMatchObject({ status: 200, body: { LicenseArn: acme.licenseArn } })
    const { aws, dataDir } = running
    await running.sidecar.stop()
    running = await startSaas({ aws, dataDir })
    const { customers } = (await running.get('/v1/customers')).body
    const key = `aws:licence:${acme.licenseArn}`
    expect(customers).toMatchObject([{ key, registered: true, identifier: 'acmeIdentifier' }])
    const taken = await register('acme', 'token-of-acme')
    expect(taken).toMatchObject({ status: 409, body: { code: 'CustomerIdentityTaken' } })
    const path = `/v1/customers/${encodeURIComponent(key)}`
    expect((await running.get(path)).body).toMatchObject({ key, active: true })
  })

  test('keeps the key that the customer has, and reactivates the licence', async () => {
    running = await startSaas()
    await register('acme', 'token-of-acme')
    await send('POST', '/v1/customers/acme/end')
    expect((await resolve('token-of-acme')).status).toBe(200)
    const { customers } = (await running.get('/v1/customers')).body
    expect(customers).toMatchObject([{ key: 'acme', active: true }])
  })

  test('registers no customer for a token of another product, or one that AWS refuses', async () => {
    running = await startSaas()
    expect((await resolve('token-of-stranger')).body['__type']).toBe('InvalidTokenException')
    expect((await resolve('old-token-of-acme')).body['__type']).toBe('ExpiredTokenException')
    expect((await running.get('/v1/customers')).body['customers']).toEqual([])
  })
})

describe('no two ways bill a customer and an hour twice', () => {
  const licence = byLicence(acme)
  const withCode = (...UsageRecords: object[]) =>
    callFor('BatchMeterUsage', { ProductCode: productCode, UsageRecords })
  const ways: Record<string, () => Promise<unknown>> = {
    'a second key by its token': () => register('second', 'token-of-acme'),
    'a second key by its names': () =>
      send('PUT', '/v1/customers/second', {
        accountId: acme.customerAwsAccountId,
        licenseArn: acme.licenseArn,
      }),
    'a second key by the identifier alone': () =>
      send('PUT', '/v1/customers/second', { identifier: acme.customerIdentifier }),
    'the key that the front makes': () =>
      send('PUT', `/v1/customers/${encodeURIComponent(`aws:licence:${acme.licenseArn}`)}`, {
        accountId: acme.customerAwsAccountId,
        licenseArn: acme.licenseArn,
      }),
    'the token through the front': () => resolve('token-of-acme'),
    'the identifier through the front': () => withCode(usage(byIdentifier(acme), 3)),
    'the account through the front': () => withCode(usage(byAccount(acme), 3)),
    'all names through the front': () => batch(usage({ ...licence, ...byIdentifier(acme) }, 3)),
    'another moment of the hour': () => batch(usage(licence, 3, { Timestamp: startSeconds - 60 })),
    'a call signed for another region': () =>
      callFront(
        running.sidecar.appPort,
        'BatchMeterUsage',
        { UsageRecords: [usage(licence, 3)] },
        { authorization: authorization('us-east-1') },
      ),
  }

  test.each(Object.entries(ways))('not %s', async (_way, attempt) => {
    running = await startSaas()
    await register('acme', 'token-of-acme')
    await batch(usage(licence, 3))
    await attempt()
    await send('POST', '/v1/usage', { customer: 'second', dimension: 'requests', quantity: 3 })
    await closeTheHour()
    await attempt()
    await closeTheHour()
    expect(await sent(1)).toEqual([[acme.licenseArn, 'requests', nine, 3]])
  })

  test('not another form or region of the product file, with the same ledger', async () => {
    running = await startSaas()
    await register('acme', 'token-of-acme')
    await batch(usage(licence, 3))
    const { aws, dataDir } = running
    await running.sidecar.stop()
    const elsewhere = optionsOf({ ...product, region: 'us-east-1' })
    await expect(startSaas({ ...elsewhere, aws, dataDir })).rejects.toThrow('is not opened')
    const byAnotherForm = optionsOf({ ...product, customerIds: 'identifier' })
    running = await startSaas({ ...byAnotherForm, aws, dataDir })
    await register('acme', 'token-of-acme')
    await withCode(usage(byIdentifier(acme), 3))
    await closeTheHour()
    await closeTheHour()
    expect(await sent(1)).toEqual([[acme.licenseArn, 'requests', nine, 3]])
  })
})
