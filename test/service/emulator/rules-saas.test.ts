import {
  BatchMeterUsageCommand,
  ResolveCustomerCommand,
  type UsageRecord,
} from '@aws-sdk/client-marketplace-metering'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoCustomer, demoProduct } from '../../../src/emulator/demo-product.ts'
import type { EmulatorOptions } from '../../../src/emulator/emulator-server.ts'
import { unknownTask, type EmulatedCustomer } from '../../../src/emulator/marketplace.ts'
import { closeChecked, failureOf, startEmulator, type Harness } from './harness.ts'

const hour = 3_600_000
const customer = demoCustomer(demoProduct.productCode)
const unsubscribed: EmulatedCustomer = {
  ...customer,
  customerIdentifier: 'unsubscribed',
  customerAwsAccountId: '210987654321',
  licenseArn: 'arn:aws:license-manager::1:license:l-unsubscribed',
  subscribed: false,
  registrationTokens: [],
  expiredTokens: ['old-token'],
}
const leaver: EmulatedCustomer = {
  ...customer,
  customerIdentifier: 'leaver',
  customerAwsAccountId: '000987654321',
  licenseArn: 'arn:aws:license-manager::1:license:l-leaver',
  leavesAt: Date.parse('2026-03-10T10:00:00Z'),
  registrationTokens: [],
}
const newcomer: EmulatedCustomer = {
  ...customer,
  customerIdentifier: undefined,
  customerAwsAccountId: '012345678901',
  licenseArn: 'arn:aws:license-manager::1:license:l-newcomer',
  licenseStartsAt: Date.parse('2026-03-10T08:00:00Z'),
  licenseEndsAt: Date.parse('2026-03-10T09:00:00Z'),
  registrationTokens: ['new-token'],
}

let harness: Harness
beforeEach(() => start())
afterEach(() => closeChecked(harness))

async function start(options: EmulatorOptions = {}): Promise<void> {
  harness = await startEmulator({
    customers: [customer, unsubscribed, leaver, newcomer],
    ...options,
  })
}

/** In place of the emulator that every test begins with. */
async function restart(options: EmulatorOptions): Promise<void> {
  await harness.close()
  await start(options)
}

function record(change: Partial<UsageRecord> = {}): UsageRecord {
  return {
    Timestamp: new Date(harness.emulator.clock.now()),
    Dimension: 'requests',
    Quantity: 5,
    CustomerIdentifier: customer.customerIdentifier,
    ...change,
  }
}

/** The style of listings from 2026-06-01 on. */
function licensed(of: EmulatedCustomer, change: Partial<UsageRecord> = {}): UsageRecord {
  return record({
    CustomerIdentifier: undefined,
    CustomerAWSAccountId: of.customerAwsAccountId,
    LicenseArn: of.licenseArn,
    ...change,
  })
}

function send(
  UsageRecords: UsageRecord[],
  request: { ProductCode?: string } = { ProductCode: demoProduct.productCode },
) {
  return harness.client().send(new BatchMeterUsageCommand({ UsageRecords, ...request }))
}

async function statuses(...batch: Parameters<typeof send>): Promise<unknown> {
  return (await send(...batch)).Results?.map((result) => result.Status)
}

async function nameOf(call: Promise<unknown>): Promise<string> {
  return (await failureOf(call)).name
}

async function records(): Promise<readonly { resource: string }[]> {
  return (await harness.control('records'))['records'] as { resource: string }[]
}

describe('the results of BatchMeterUsage', () => {
  test('a batch is answered record by record, and the same record has the same id', async () => {
    const first = await send([record(), record({ Dimension: 'storage' })])
    expect(first.Results?.map(({ Status }) => Status)).toEqual(['Success', 'Success'])
    expect(first.UnprocessedRecords).toEqual([])
    const again = await send([record()])
    expect(again.Results?.[0]?.MeteringRecordId).toBe(first.Results?.[0]?.MeteringRecordId)
  })

  test('another quantity for a customer, dimension and hour is a DuplicateRecord, and the others are accepted', async () => {
    await send([record()])
    const { Results } = await send([record({ Quantity: 6 }), record({ Dimension: 'storage' })])
    expect(Results?.map(({ Status }) => Status)).toEqual(['DuplicateRecord', 'Success'])
    expect(Results?.[0]?.UsageRecord?.Quantity).toBe(6)
  })

  test('a customer without a subscription is CustomerNotSubscribed, and nothing is recorded', async () => {
    const batch = [record({ CustomerIdentifier: 'unsubscribed' })]
    expect(await statuses(batch)).toEqual(['CustomerNotSubscribed'])
    expect(await records()).toEqual([])
  })

  test('a customer who has left is CustomerNotSubscribed from then on', async () => {
    const usage = record({ CustomerIdentifier: 'leaver' })
    expect(await statuses([usage])).toEqual(['Success'])
    await harness.clock.advance(hour)
    expect(await statuses([usage])).toEqual(['CustomerNotSubscribed'])
  })

  test('unprocessed records come back, and can be sent again', async () => {
    await harness.control('settings', { unprocessed: '-u' })
    const both = [record(), record({ Dimension: 'storage' })]
    const first = await send(both)
    expect(first.Results).toHaveLength(1)
    expect(first.UnprocessedRecords).toEqual([both[1]])
    expect((await send(both)).UnprocessedRecords).toEqual([])
  })

  test('any pattern of records comes back unprocessed, over several calls', async () => {
    await harness.control('settings', { unprocessed: 'u-uu' })
    const both = [record(), record({ Dimension: 'storage' })]
    const [first, second, third] = [await send(both), await send(both), await send(both)]
    expect(first.UnprocessedRecords).toEqual([both[0]])
    expect(second.UnprocessedRecords).toEqual(both)
    expect(third.UnprocessedRecords).toEqual([])
  })

  test('an empty batch is answered with empty lists', async () => {
    expect(await send([])).toMatchObject({ Results: [], UnprocessedRecords: [] })
  })
})

describe('what fails a whole batch', () => {
  test('one record that is 24 hours old fails the whole batch', async () => {
    const at = (age: number) => new Date(harness.clock.now() - age)
    expect(await statuses([record({ Timestamp: at(24 * hour - 1) })])).toEqual(['Success'])
    const old = record({ Timestamp: at(24 * hour) })
    const good = record({ Dimension: 'storage' })
    expect(await nameOf(send([good, old]))).toBe('TimestampOutOfBoundsException')
    expect(await records()).toHaveLength(1)
  })

  test('usage of the last month is accepted until 06:00 UTC on the 1st', async () => {
    const march = { Timestamp: new Date('2026-03-31T20:00:00Z') }
    await harness.control('clock', { now: '2026-04-01T05:59:59Z' })
    expect(await statuses([record(march)])).toEqual(['Success'])
    await harness.control('clock', { now: '2026-04-01T06:00:00Z' })
    expect(await nameOf(send([record(march)]))).toBe('TimestampOutOfBoundsException')
    const april = { Timestamp: new Date('2026-04-01T00:00:00Z') }
    expect(await statuses([record(april)])).toEqual(['Success'])
  })

  test('one unknown dimension fails the whole batch', async () => {
    const call = send([record(), record({ Dimension: 'other' })])
    expect(await nameOf(call)).toBe('InvalidUsageDimensionException')
    expect(await records()).toEqual([])
  })

  test('one record whose allocations do not add up fails the whole batch', async () => {
    const UsageAllocations = [{ AllocatedUsageQuantity: 1 }]
    const call = send([record({ Dimension: 'storage' }), record({ UsageAllocations })])
    expect(await nameOf(call)).toBe('InvalidUsageAllocationsException')
    expect(await records()).toEqual([])
  })

  test('an unknown customer is an InvalidCustomerIdentifierException', async () => {
    for (const CustomerIdentifier of ['nobody', undefined]) {
      const call = send([record({ CustomerIdentifier })])
      expect(await nameOf(call)).toBe('InvalidCustomerIdentifierException')
    }
  })

  test('a batch for a product that does not exist is refused', async () => {
    const call = send([record()], { ProductCode: 'other' })
    expect(await nameOf(call)).toBe('InvalidProductCodeException')
  })

  test('a batch needs a product code where a record has no licence', async () => {
    expect(await nameOf(send([record()], {}))).toBe('InvalidProductCodeException')
  })

  test('calls for SaaS customers are disabled where the product is not offered', async () => {
    await restart({ products: [{ ...demoProduct, regions: ['us-east-1'] }] })
    expect(await nameOf(send([record()]))).toBe('DisabledApiException')
    expect(await nameOf(resolve('new-token'))).toBe('DisabledApiException')
  })

  test('calls for SaaS customers with the credentials of a task are refused', async () => {
    await restart({ tasks: [unknownTask('AKIATASK1')] })
    expect(await nameOf(send([record()]))).toBe('AccessDeniedException')
    expect(await nameOf(resolve('new-token'))).toBe('AccessDeniedException')
  })
})

describe('licences', () => {
  test('a customer can be named by account and licence, without a product code', async () => {
    expect(await statuses([licensed(customer)], {})).toEqual(['Success'])
    expect(await records()).toMatchObject([
      { resource: customer.licenseArn, productCode: demoProduct.productCode },
    ])
  })

  test('identifier and licence for one customer in one hour are billed twice', async () => {
    const ids = [await send([record()]), await send([licensed(customer)], {})].map(
      ({ Results }) => Results?.[0]?.MeteringRecordId,
    )
    expect(new Set(ids).size).toBe(2)
    expect((await records()).map(({ resource }) => resource)).toEqual([
      customer.customerIdentifier,
      customer.licenseArn,
    ])
  })

  test('a licence that is not the customer’s is an InvalidLicenseException', async () => {
    const foreign = licensed(customer, { LicenseArn: unsubscribed.licenseArn })
    expect(await nameOf(send([foreign], {}))).toBe('InvalidLicenseException')
    const LicenseArn = unsubscribed.licenseArn
    expect(await nameOf(send([record({ LicenseArn })]))).toBe('InvalidLicenseException')
  })

  test('usage outside the activation period of a licence is an InvalidLicenseException', async () => {
    const at = (time: string) =>
      send([licensed(newcomer, { Timestamp: new Date(`2026-03-10T${time}Z`) })], {})
    expect((await at('08:00:00')).Results).toMatchObject([{ Status: 'Success' }])
    expect(await nameOf(at('07:59:59'))).toBe('InvalidLicenseException')
    expect(await nameOf(at('09:00:00'))).toBe('InvalidLicenseException')
  })

  test('licences of two products in one batch fail all of it', async () => {
    const second = { ...demoProduct, productCode: 'another0product0of0ours0x' }
    const ofSecond = {
      ...unsubscribed,
      productCode: second.productCode,
      subscribed: true,
      customerAwsAccountId: customer.customerAwsAccountId,
    }
    await restart({ products: [demoProduct, second], customers: [customer, ofSecond] })
    const both = [licensed(customer), licensed(ofSecond)]
    expect(await nameOf(send(both, {}))).toBe('InvalidProductCodeException')
    expect(await records()).toEqual([])
    for (const one of both) expect(await statuses([one], {})).toEqual(['Success'])
  })

  test('a customer of a listing from 2026-06-01 on is metered by licence only', async () => {
    const byAccount = licensed(newcomer, { LicenseArn: undefined })
    expect(await nameOf(send([byAccount]))).toBe('InvalidLicenseException')
  })
})

function resolve(RegistrationToken: string) {
  return harness.client().send(new ResolveCustomerCommand({ RegistrationToken }))
}

describe('ResolveCustomer', () => {
  test('ResolveCustomer returns identifier, product, account and licence of the token’s customer', async () => {
    expect(await resolve('demo-registration-token')).toMatchObject({
      CustomerIdentifier: customer.customerIdentifier,
      ProductCode: demoProduct.productCode,
      CustomerAWSAccountId: customer.customerAwsAccountId,
      LicenseArn: customer.licenseArn,
    })
  })

  test('ResolveCustomer returns no identifier for listings from 2026-06-01 on', async () => {
    const answer = await resolve('new-token')
    expect(answer.CustomerIdentifier ?? undefined).toBeUndefined()
    expect(answer.CustomerAWSAccountId).toBe(newcomer.customerAwsAccountId)
  })

  test('ResolveCustomer accepts a token more than once', async () => {
    const [one, two] = [await resolve('new-token'), await resolve('new-token')]
    expect(one.LicenseArn).toBe(two.LicenseArn)
  })

  test('ResolveCustomer refuses a token that was never issued', async () => {
    expect(await failureOf(resolve('unknown'))).toEqual({
      name: 'InvalidTokenException',
      status: 400,
    })
  })

  test('ResolveCustomer refuses a token that has expired', async () => {
    expect(await nameOf(resolve('old-token'))).toBe('ExpiredTokenException')
  })
})
