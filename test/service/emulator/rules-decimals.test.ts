import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { callFront, startSeconds, usageInput } from '../../support/aws/front-call.ts'
import { closeChecked, startEmulator, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => closeChecked(harness))

const port = () => Number(new URL(harness.url).port)
const tags = (Value: string) => [{ Key: 'team', Value }]

/** The SDK of this repository does not know decimals. */
const meter = (members: object) =>
  callFront(port(), 'MeterUsage', usageInput({ UsageQuantity: undefined, ...members }))

const batch = (...records: readonly object[]) =>
  callFront(port(), 'BatchMeterUsage', {
    ProductCode: demoProduct.productCode,
    UsageRecords: records.map((record) => ({
      Timestamp: startSeconds,
      Dimension: 'requests',
      CustomerIdentifier: 'demoCustomer01',
      ...record,
    })),
  })

async function quantities(): Promise<readonly unknown[]> {
  const { records } = await harness.control('records')
  return (records as readonly { readonly quantity: unknown }[]).map(({ quantity }) => quantity)
}

describe('a decimal quantity', () => {
  test('a quantity can be a decimal of up to 10 digits and 6 more after the point', async () => {
    expect((await meter({ UsageQuantityAsDecimal: '17.42' })).status).toBe(200)
    const other = { UsageDimension: 'storage' }
    const wrong = await meter({ ...other, UsageQuantityAsDecimal: '1.0000001' })
    expect(wrong.body).toMatchObject({ __type: 'ValidationException' })
    expect((await meter({ ...other, UsageQuantityAsDecimal: '9999999999.5' })).status).toBe(200)
    expect(await quantities()).toEqual([17.42, 9_999_999_999.5])
  })

  test('quantities are compared by value, whatever their form', async () => {
    const answers = [
      await meter({ UsageQuantityAsDecimal: '17.00' }),
      await meter({ UsageQuantityAsDecimal: '17' }),
      await meter({ UsageQuantity: 17 }),
    ]
    const ids = answers.map(({ body }) => body['MeteringRecordId'])
    expect(ids).toEqual([ids[0], ids[0], ids[0]])
    expect((await meter({ UsageQuantityAsDecimal: '17.01' })).body).toMatchObject({
      __type: 'DuplicateRequestException',
    })
  })

  test('a quantity in both forms is refused', async () => {
    const answer = await meter({ UsageQuantity: 1, UsageQuantityAsDecimal: '1' })
    expect(answer.body).toMatchObject({ __type: 'ValidationException' })
    expect(await quantities()).toEqual([])
  })

  test('where the quantity is a decimal, each allocation must be one', async () => {
    const given = { UsageQuantityAsDecimal: '3' }
    const whole = [{ AllocatedUsageQuantity: 3 }]
    const decimals = [
      { AllocatedUsageQuantityAsDecimal: '1.25', Tags: tags('a') },
      { AllocatedUsageQuantityAsDecimal: '1.75', Tags: tags('b') },
    ]
    expect((await meter({ ...given, UsageAllocations: whole })).body).toMatchObject({
      __type: 'InvalidUsageAllocationsException',
    })
    expect((await meter({ ...given, UsageAllocations: decimals })).status).toBe(200)
  })

  test('an allocation has exactly one form of quantity', async () => {
    for (const allocation of [
      {},
      { AllocatedUsageQuantity: 1, AllocatedUsageQuantityAsDecimal: '1' },
    ])
      expect(
        (await meter({ UsageQuantity: 1, UsageAllocations: [allocation] })).body,
      ).toMatchObject({
        __type: 'InvalidUsageAllocationsException',
      })
  })

  test('one record with a wrong decimal fails the whole batch', async () => {
    const answer = await batch({ Quantity: 1 }, { Quantity: 1, QuantityAsDecimal: '1' })
    expect(answer.body).toMatchObject({ __type: 'ValidationException' })
    expect(await quantities()).toEqual([])
    await batch({ QuantityAsDecimal: '0.5' })
    expect(await quantities()).toEqual([0.5])
  })

  test('ResolveCustomer returns the agreement of the customer', async () => {
    const { body } = await callFront(port(), 'ResolveCustomer', {
      RegistrationToken: 'demo-registration-token',
    })
    expect(body['Metadata']).toEqual({ AgreementId: 'agmt-demo0123456789abcdef' })
  })
})
