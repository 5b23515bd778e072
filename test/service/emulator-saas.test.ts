import {
  BatchMeterUsageCommand,
  ResolveCustomerCommand,
  type UsageRecord,
} from '@aws-sdk/client-marketplace-metering'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoCustomer, demoProduct } from '../../src/emulator/demo-product.ts'
import { failureOf, startEmulator, type Harness } from './emulator-harness.ts'

const hour = 3_600_000
const customer = demoCustomer(demoProduct.productCode)
const leaver = {
  ...customer,
  customerIdentifier: 'leaver',
  customerAwsAccountId: '210987654321',
  subscribed: false,
  registrationToken: 'old-token',
  registrationTokenExpired: true,
}

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator({ customers: [customer, leaver] })
})
afterEach(() => harness.close())

function record(change: Partial<UsageRecord> = {}): UsageRecord {
  return {
    Timestamp: new Date(harness.clock.now()),
    Dimension: 'requests',
    Quantity: 5,
    CustomerIdentifier: customer.customerIdentifier,
    ...change,
  }
}

function send(
  UsageRecords: UsageRecord[],
  request: { ProductCode?: string } = { ProductCode: demoProduct.productCode },
) {
  return harness.client().send(new BatchMeterUsageCommand({ UsageRecords, ...request }))
}

describe('BatchMeterUsage', () => {
  test('takes records, and gives the same id for the same record', async () => {
    const first = await send([record(), record({ Dimension: 'storage' })])
    expect(first.Results?.map((result) => result.Status)).toEqual(['Success', 'Success'])
    expect(first.UnprocessedRecords).toEqual([])
    const again = await send([record()])
    expect(again.Results?.[0]?.MeteringRecordId).toBe(first.Results?.[0]?.MeteringRecordId)
  })

  test('marks a changed record as a duplicate and honours the others', async () => {
    await send([record()])
    const { Results } = await send([record({ Quantity: 6 }), record({ Dimension: 'storage' })])
    expect(Results?.map((result) => result.Status)).toEqual(['DuplicateRecord', 'Success'])
    expect(Results?.[0]?.UsageRecord?.Quantity).toBe(6)
  })

  test('marks a customer without a subscription', async () => {
    const { Results } = await send([record({ CustomerIdentifier: 'leaver' })])
    expect(Results).toMatchObject([{ Status: 'CustomerNotSubscribed' }])
    expect(await harness.control('records')).toEqual({ records: [] })
  })

  test('gives back what it did not process, once', async () => {
    await harness.control('settings', { unprocessedRecords: 1 })
    const both = [record(), record({ Dimension: 'storage' })]
    const first = await send(both)
    expect(first.Results).toHaveLength(1)
    expect(first.UnprocessedRecords).toEqual([both[1]])
    expect((await send(both)).UnprocessedRecords).toEqual([])
  })

  test('knows a customer by account and licence, without a product code', async () => {
    const { customerAwsAccountId, licenseArn } = customer
    const licensed = record({
      CustomerIdentifier: undefined,
      CustomerAWSAccountId: customerAwsAccountId,
      LicenseArn: licenseArn,
    })
    expect((await send([licensed], {})).Results).toMatchObject([{ Status: 'Success' }])
    const { records } = await harness.control('records')
    expect(records).toMatchObject([{ resource: licenseArn, productCode: demoProduct.productCode }])
  })

  test('fails as a whole when one record is more than 24 hours old', async () => {
    const old = record({ Timestamp: new Date(harness.clock.now() - 24 * hour - 1) })
    expect((await failureOf(send([record(), old]))).name).toBe('TimestampOutOfBoundsException')
    expect(await harness.control('records')).toEqual({ records: [] })
  })

  test('takes usage of the last month until six in the morning of the 1st', async () => {
    await harness.control('clock', { now: '2026-04-01T05:59:00Z' })
    const march = record({ Timestamp: new Date('2026-03-31T20:00:00Z') })
    expect((await send([march])).Results).toMatchObject([{ Status: 'Success' }])
    await harness.control('clock', { now: '2026-04-01T06:00:00Z' })
    expect((await failureOf(send([march]))).name).toBe('TimestampOutOfBoundsException')
  })

  test.each([
    ['26 records', Array.from({ length: 26 }, () => ({})), 'ValidationException'],
    [
      'an unknown customer',
      [{ CustomerIdentifier: 'nobody' }],
      'InvalidCustomerIdentifierException',
    ],
    [
      'a record without a customer',
      [{ CustomerIdentifier: undefined }],
      'InvalidCustomerIdentifierException',
    ],
    [
      'a licence of somebody else',
      [{ LicenseArn: 'arn:aws:license-manager::1:license:l-other' }],
      'InvalidLicenseException',
    ],
    ['an unknown dimension', [{ Dimension: 'other' }], 'InvalidUsageDimensionException'],
    [
      'allocations that do not add up',
      [{ UsageAllocations: [{ AllocatedUsageQuantity: 1 }] }],
      'InvalidUsageAllocationsException',
    ],
  ])('refuses %s', async (_what, changes, name) => {
    const call = send(changes.map((change) => record(change)))
    expect(await failureOf(call)).toEqual({ name, status: 400 })
  })

  test('refuses an unknown product, and none where there is no licence', async () => {
    const unknown = send([record()], { ProductCode: 'other' })
    expect((await failureOf(unknown)).name).toBe('InvalidProductCodeException')
    expect((await failureOf(send([record()], {}))).name).toBe('InvalidProductCodeException')
  })
})

describe('ResolveCustomer', () => {
  const resolve = (RegistrationToken: string) =>
    harness.client().send(new ResolveCustomerCommand({ RegistrationToken }))

  test('says who brought a registration token', async () => {
    expect(await resolve(customer.registrationToken)).toMatchObject({
      CustomerIdentifier: customer.customerIdentifier,
      ProductCode: demoProduct.productCode,
      CustomerAWSAccountId: customer.customerAwsAccountId,
      LicenseArn: customer.licenseArn,
    })
  })

  test.each([
    ['unknown', 'InvalidTokenException'],
    ['old-token', 'ExpiredTokenException'],
    ['', 'ValidationException'],
  ])('refuses the token %j with %s', async (token, name) => {
    expect(await failureOf(resolve(token))).toEqual({ name, status: 400 })
  })
})
