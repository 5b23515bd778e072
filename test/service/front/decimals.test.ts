import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callFront, startSeconds, usageInput } from '../../support/aws/front-call.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
beforeEach(async () => {
  harness = await startHarness({ settings: { SIDECAR_DIMENSIONS: 'requests,storage/1000' } })
  await harness.entitled()
})
afterEach(() => harness.close())

/** A call with the quantity as newer SDKs send it: there is no whole number in it. */
const meter = (members: object) =>
  callFront(
    harness.sidecar.appPort,
    'MeterUsage',
    usageInput({ UsageQuantity: undefined, ...members }),
  )

async function open(): Promise<unknown> {
  return (await harness.get('/v1/usage')).body['open']
}

describe('a decimal quantity', () => {
  test('is counted exactly, next to whole numbers', async () => {
    await meter({ UsageQuantityAsDecimal: '17.42' })
    await meter({ UsageQuantityAsDecimal: '0.000001' })
    await meter({ UsageQuantity: 2 })
    expect(await open()).toMatchObject([{ dimension: 'requests', quantity: 19.420001 }])
  })

  test('is in AWS’s units, also for a dimension with a divisor', async () => {
    await meter({ UsageDimension: 'storage', UsageQuantityAsDecimal: '1.5' })
    expect(await open()).toMatchObject([{ dimension: 'storage', quantity: 1500 }])
  })

  test('is billed as whole units, and the rest stays for the next hour', async () => {
    await meter({ UsageQuantityAsDecimal: '2.75' })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ quantity: 2 }])
    expect((await harness.get('/v1/usage')).body['fractions']).toMatchObject([{ quantity: 0.75 }])
  })

  test('is divided among decimal allocations', async () => {
    await meter({
      UsageQuantityAsDecimal: '3',
      UsageAllocations: [
        { AllocatedUsageQuantityAsDecimal: '1.25', Tags: [{ Key: 'team', Value: 'a' }] },
        { AllocatedUsageQuantityAsDecimal: '1.75' },
      ],
    })
    expect(await open()).toMatchObject([{ dimension: 'requests', quantity: 3 }])
  })

  test('with the same token is the same in either form', async () => {
    await meter({ UsageQuantityAsDecimal: '17.00', ClientToken: 'a' })
    const repeat = await meter({ UsageQuantity: 17, ClientToken: 'a' })
    const other = await meter({ UsageQuantityAsDecimal: '17.01', ClientToken: 'a' })
    expect(repeat.status).toBe(200)
    expect(other.body).toMatchObject({ __type: 'IdempotencyConflictException' })
    expect(await open()).toMatchObject([{ quantity: 17 }])
  })

  test.each([
    ['both forms', { UsageQuantity: 1, UsageQuantityAsDecimal: '1' }, 'ValidationException'],
    ['seven places', { UsageQuantityAsDecimal: '1.0000001' }, 'ValidationException'],
    ['a number', { UsageQuantityAsDecimal: 1.5 }, 'SerializationException'],
    [
      'whole allocations',
      { UsageQuantityAsDecimal: '1', UsageAllocations: [{ AllocatedUsageQuantity: 1 }] },
      'InvalidUsageAllocationsException',
    ],
  ])('with %s is refused and not counted', async (_name, members, name) => {
    expect(await meter(members)).toMatchObject({ status: 400, body: { __type: name } })
    expect(await open()).toEqual([])
  })
})

test('a batch with a decimal is billed with it', async () => {
  const record = {
    Timestamp: startSeconds,
    Dimension: 'requests',
    CustomerIdentifier: 'demoCustomer01',
  }
  const send = (members: object) =>
    callFront(harness.sidecar.appPort, 'BatchMeterUsage', {
      ProductCode: (usageInput() as { readonly ProductCode: string }).ProductCode,
      UsageRecords: [{ ...record, ...members }],
    })
  expect((await send({ QuantityAsDecimal: '2.5' })).body).toMatchObject({
    Results: [{ Status: 'Success', UsageRecord: { QuantityAsDecimal: '2.5' } }],
  })
  expect((await send({ QuantityAsDecimal: '2.50' })).body).toMatchObject({
    Results: [{ Status: 'Success' }],
  })
  expect((await send({ Quantity: 2 })).body).toMatchObject({
    Results: [{ Status: 'DuplicateRecord' }],
  })
  expect(
    (await harness.records()).filter(({ resource }) => resource === 'demoCustomer01'),
  ).toMatchObject([{ quantity: 2.5 }])
})

test('the agreement of a customer comes back', async () => {
  const { body } = await callFront(harness.sidecar.appPort, 'ResolveCustomer', {
    RegistrationToken: 'demo-registration-token',
  })
  expect(body).toMatchObject({ Metadata: { AgreementId: expect.stringMatching(/^agmt-/) } })
})
