import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { failureOf, startEmulator, type Harness } from './emulator-harness.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const minute = 60_000
const hour = 60 * minute

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => harness.close())

function ago(ms: number): Date {
  return new Date(harness.clock.now() - ms)
}

async function records(): Promise<unknown> {
  return (await harness.control('records'))['records']
}

describe('a metering record', () => {
  test('is answered with an id and kept under its hour', async () => {
    const id = await harness.meter({ UsageQuantity: 42, ClientToken: 'token' })
    expect(id).toMatch(uuid)
    expect(await records()).toEqual([
      {
        resource: 'AKIATASK1',
        region: 'eu-west-1',
        productCode: demoProduct.productCode,
        dimension: 'requests',
        hour: '2026-03-10T09:00:00.000Z',
        quantity: 42,
        allocations: [],
        meteringRecordId: id,
        clientToken: 'token',
      },
    ])
  })

  test('sent again for another minute of its hour has the same id', async () => {
    const first = await harness.meter()
    const second = await harness.meter({ Timestamp: ago(10 * minute) })
    expect(second).toBe(first)
    expect(await records()).toHaveLength(1)
  })

  test('with another quantity is a duplicate, and the first one stands', async () => {
    await harness.meter()
    expect(await failureOf(harness.meter({ UsageQuantity: 6 }))).toEqual({
      name: 'DuplicateRequestException',
      status: 400,
    })
    expect(await records()).toMatchObject([{ quantity: 5 }])
  })

  test('sent early closes its hour for its dimension only', async () => {
    await harness.meter({ UsageQuantity: 0 })
    expect((await failureOf(harness.meter())).name).toBe('DuplicateRequestException')
    expect(await harness.meter({ UsageDimension: 'storage' })).toMatch(uuid)
    await harness.clock.advance(hour)
    expect(await harness.meter()).toMatch(uuid)
  })

  test('without a quantity is one of zero', async () => {
    await harness.meter({ UsageQuantity: undefined })
    expect(await records()).toMatchObject([{ quantity: 0 }])
  })

  test('of another task is another record', async () => {
    const one = await harness.meter()
    const other = await harness.meter({ UsageQuantity: 6 }, { accessKeyId: 'AKIATASK2' })
    expect(other).not.toBe(one)
    expect(await records()).toHaveLength(2)
  })
})

describe('allocations', () => {
  const split = [
    { AllocatedUsageQuantity: 3, Tags: [{ Key: 'team', Value: 'a' }] },
    { AllocatedUsageQuantity: 2 },
  ]

  test('are kept, and the same ones in another order are the same record', async () => {
    const id = await harness.meter({ UsageAllocations: split })
    expect(await harness.meter({ UsageAllocations: split.toReversed() })).toBe(id)
    expect(await records()).toMatchObject([{ allocations: split }])
  })

  test('that differ make a duplicate of the same quantity', async () => {
    await harness.meter({ UsageAllocations: split })
    expect((await failureOf(harness.meter())).name).toBe('DuplicateRequestException')
  })

  test('that do not add up are refused', async () => {
    const call = harness.meter({ UsageQuantity: 6, UsageAllocations: split })
    expect((await failureOf(call)).name).toBe('InvalidUsageAllocationsException')
  })

  test('with a tag that AWS does not take are refused', async () => {
    const UsageAllocations = [{ AllocatedUsageQuantity: 5, Tags: [{ Key: 'ü', Value: 'v' }] }]
    expect((await failureOf(harness.meter({ UsageAllocations }))).name).toBe('InvalidTagException')
  })
})

describe('the window', () => {
  test('reaches six hours back, to the millisecond', async () => {
    expect(await harness.meter({ Timestamp: ago(6 * hour) })).toMatch(uuid)
    const call = harness.meter({ Timestamp: ago(6 * hour + 1) })
    expect(await failureOf(call)).toEqual({ name: 'TimestampOutOfBoundsException', status: 400 })
  })

  test('reaches five minutes ahead', async () => {
    expect(await harness.meter({ Timestamp: ago(-5 * minute) })).toMatch(uuid)
    const call = harness.meter({ Timestamp: ago(-6 * minute) })
    expect((await failureOf(call)).name).toBe('TimestampOutOfBoundsException')
  })
})

describe('a client token', () => {
  test('with the same parameters gets the same answer, even after the window', async () => {
    const Timestamp = ago(0)
    const id = await harness.meter({ ClientToken: 'token', Timestamp })
    await harness.clock.advance(7 * hour)
    expect(await harness.meter({ ClientToken: 'token', Timestamp })).toBe(id)
  })

  test('with other parameters is a conflict, HTTP 409', async () => {
    await harness.meter({ ClientToken: 'token' })
    for (const other of [{ UsageQuantity: 6 }, { UsageDimension: 'storage' }]) {
      expect(await failureOf(harness.meter({ ClientToken: 'token', ...other }))).toEqual({
        name: 'IdempotencyConflictException',
        status: 409,
      })
    }
  })

  test('of a refused call can be used for another one', async () => {
    await failureOf(harness.meter({ ClientToken: 'token', Timestamp: ago(7 * hour) }))
    expect(await harness.meter({ ClientToken: 'token' })).toMatch(uuid)
  })

  test('belongs to its task', async () => {
    await harness.meter({ ClientToken: 'token' })
    const other = { accessKeyId: 'AKIATASK2' }
    expect(await harness.meter({ ClientToken: 'token', UsageQuantity: 6 }, other)).toMatch(uuid)
  })
})

describe('a dry run', () => {
  test('is answered with an id and records nothing', async () => {
    expect(await harness.meter({ DryRun: true, ClientToken: 'token' })).toMatch(uuid)
    expect(await records()).toEqual([])
    expect(await harness.meter({ UsageQuantity: 7, ClientToken: 'token' })).toMatch(uuid)
  })

  test('is answered with the error DryRunOperation when the test wants it', async () => {
    await harness.control('settings', { dryRunForm: 'error' })
    expect((await failureOf(harness.meter({ DryRun: true }))).name).toBe('DryRunOperation')
    expect(await records()).toEqual([])
  })

  test('of a buyer who has not subscribed is refused', async () => {
    await harness.control('settings', { entitled: false, dryRunForm: 'error' })
    expect((await failureOf(harness.meter({ DryRun: true }))).name).toBe(
      'CustomerNotEntitledException',
    )
  })

  test('finds an unknown dimension', async () => {
    const call = harness.meter({ DryRun: true, UsageDimension: 'unknown' })
    expect((await failureOf(call)).name).toBe('InvalidUsageDimensionException')
  })
})

describe('MeterUsage refuses', () => {
  test.each([
    ['an unknown product', { ProductCode: 'other' }, 'InvalidProductCodeException'],
    ['an unknown dimension', { UsageDimension: 'other' }, 'InvalidUsageDimensionException'],
    ['too large a quantity', { UsageQuantity: 2_147_483_648 }, 'ValidationException'],
    ['too long a token', { ClientToken: 'x'.repeat(65) }, 'ValidationException'],
  ])('%s', async (_what, input, name) => {
    expect(await failureOf(harness.meter(input))).toEqual({ name, status: 400 })
  })

  test('a buyer whose subscription has ended', async () => {
    await harness.control('settings', { entitled: false })
    expect((await failureOf(harness.meter())).name).toBe('CustomerNotEntitledException')
  })

  test('a region other than that of the first call of a task', async () => {
    await harness.meter()
    const call = harness.meter({}, { region: 'us-east-1' })
    expect((await failureOf(call)).name).toBe('InvalidEndpointRegionException')
  })

  test('every region but the one that the emulator stands for', async () => {
    await harness.control('settings', { region: 'us-east-1' })
    expect((await failureOf(harness.meter())).name).toBe('InvalidEndpointRegionException')
    expect(await harness.meter({}, { region: 'us-east-1' })).toMatch(uuid)
  })

  test('records for a product that AWS meters by itself', async () => {
    const hourly = await startEmulator({ products: [{ ...demoProduct, route: 'hourly' }] })
    const failure = await failureOf(hourly.meter())
    await hourly.close()
    expect(failure.name).toBe('InvalidUsageDimensionException')
  })

  test('a region where the product is not offered', async () => {
    const local = await startEmulator({ products: [{ ...demoProduct, regions: ['us-east-1'] }] })
    const metered = await failureOf(local.meter())
    const registered = await failureOf(local.register())
    await local.close()
    expect(metered.name).toBe('InvalidEndpointRegionException')
    expect(registered.name).toBe('DisabledApiException')
  })
})
