import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import type { EmulatorOptions } from '../../../src/emulator/emulator-server.ts'
import { unknownTask } from '../../../src/emulator/marketplace.ts'
import { closeChecked, failureOf, startEmulator, type Harness } from './harness.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const minute = 60_000
const hour = 60 * minute
const task1 = unknownTask('AKIATASK1')

let harness: Harness
beforeEach(() => start())
afterEach(() => closeChecked(harness))

async function start(options: EmulatorOptions = {}): Promise<void> {
  harness = await startEmulator(options)
}

/** In place of the emulator that every test begins with. */
async function restart(options: EmulatorOptions): Promise<void> {
  await harness.close()
  await start(options)
}

function ago(ms: number): Date {
  return new Date(harness.clock.now() - ms)
}

async function records(): Promise<unknown> {
  return (await harness.control('records'))['records']
}

async function nameOf(call: Promise<unknown>): Promise<string> {
  return (await failureOf(call)).name
}

describe('a metering record', () => {
  test('a record is kept for its task, dimension and UTC hour', async () => {
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

  test('the same quantity for another minute of the hour has the same MeteringRecordId', async () => {
    const first = await harness.meter()
    const second = await harness.meter({ Timestamp: ago(10 * minute) })
    expect(second).toBe(first)
    expect(await records()).toHaveLength(1)
  })

  test('another quantity for the hour is a DuplicateRequestException, and the first one is kept', async () => {
    await harness.meter()
    expect(await failureOf(harness.meter({ UsageQuantity: 6 }))).toEqual({
      name: 'DuplicateRequestException',
      status: 400,
    })
    expect(await records()).toMatchObject([{ quantity: 5 }])
  })

  test('a record that is sent early closes its hour for its dimension, even if it is zero', async () => {
    await harness.meter({ UsageQuantity: 0 })
    expect(await nameOf(harness.meter())).toBe('DuplicateRequestException')
    expect(await harness.meter({ UsageDimension: 'storage' })).toMatch(uuid)
    await harness.clock.advance(hour)
    expect(await harness.meter()).toMatch(uuid)
  })

  test('a quantity of zero is accepted, and an absent quantity means zero', async () => {
    const zero = await harness.meter({ UsageQuantity: 0 })
    expect(await harness.meter({ UsageQuantity: undefined })).toBe(zero)
    expect(await records()).toMatchObject([{ quantity: 0 }])
  })

  test('every task has its own records', async () => {
    const one = await harness.meter()
    const other = await harness.meter({ UsageQuantity: 6 }, { accessKeyId: 'AKIATASK2' })
    expect(other).not.toBe(one)
    expect(await records()).toHaveLength(2)
  })

  test('a record is accepted whether or not its task has registered', async () => {
    await harness.meter()
    await harness.register()
    expect(await harness.meter({ UsageDimension: 'storage' })).toMatch(uuid)
  })
})

describe('allocations', () => {
  const split = [
    {
      AllocatedUsageQuantity: 3,
      Tags: [
        { Key: 'team', Value: 'a' },
        { Key: 'zone', Value: 'b' },
      ],
    },
    { AllocatedUsageQuantity: 2 },
  ]
  const allocate = (...sets: { Key: string; Value: string }[][]) =>
    harness.meter({
      UsageQuantity: sets.length,
      UsageAllocations: sets.map((Tags) => ({ AllocatedUsageQuantity: 1, Tags })),
    })

  test('allocations and tags in another order are the same record', async () => {
    const id = await harness.meter({ UsageAllocations: split })
    const UsageAllocations = split
      .toReversed()
      .map((part) => ('Tags' in part ? { ...part, Tags: part.Tags?.toReversed() } : part))
    expect(await harness.meter({ UsageAllocations })).toBe(id)
    expect(await records()).toMatchObject([{ allocations: split }])
  })

  test('other allocations of the same quantity are a DuplicateRequestException', async () => {
    await harness.meter({ UsageAllocations: split })
    expect(await nameOf(harness.meter())).toBe('DuplicateRequestException')
  })

  test('allocations that do not add up to the quantity are refused', async () => {
    const call = harness.meter({ UsageQuantity: 6, UsageAllocations: split })
    expect(await nameOf(call)).toBe('InvalidUsageAllocationsException')
  })

  test('two allocations with the same tags are refused, and two without any', async () => {
    const tag = { Key: 'team', Value: 'a' }
    expect(await nameOf(allocate([tag], [tag]))).toBe('InvalidUsageAllocationsException')
    const untagged = [{ AllocatedUsageQuantity: 3 }, { AllocatedUsageQuantity: 2 }]
    const call = harness.meter({ UsageAllocations: untagged })
    expect(await nameOf(call)).toBe('InvalidUsageAllocationsException')
  })

  test('the same key twice in one allocation is an InvalidTagException', async () => {
    const call = allocate([
      { Key: 'team', Value: 'a' },
      { Key: 'team', Value: 'b' },
    ])
    expect(await nameOf(call)).toBe('InvalidTagException')
  })
})

describe('the window', () => {
  test('usage is accepted up to six hours back, and no further', async () => {
    expect(await harness.meter({ Timestamp: ago(6 * hour) })).toMatch(uuid)
    const call = harness.meter({ Timestamp: ago(6 * hour + 1) })
    expect(await failureOf(call)).toEqual({ name: 'TimestampOutOfBoundsException', status: 400 })
  })

  test('usage from up to five minutes ahead is accepted', async () => {
    expect(await harness.meter({ Timestamp: ago(-5 * minute) })).toMatch(uuid)
    const call = harness.meter({ Timestamp: ago(-6 * minute) })
    expect(await nameOf(call)).toBe('TimestampOutOfBoundsException')
  })

  test('usage from before the software started is refused, though its hour had begun', async () => {
    await restart({ tasks: [{ ...task1, startedAt: Date.parse('2026-03-10T09:05:00Z') }] })
    const before = harness.meter({ Timestamp: new Date('2026-03-10T09:04:59Z') })
    expect(await nameOf(before)).toBe('TimestampOutOfBoundsException')
    const Timestamp = new Date('2026-03-10T09:05:00Z')
    expect(await harness.meter({ Timestamp })).toMatch(uuid)
    expect(await records()).toMatchObject([{ hour: '2026-03-10T09:00:00.000Z' }])
  })

  test('usage that missed its hour may be sent with a later one', async () => {
    const Timestamp = ago(0)
    await harness.clock.advance(7 * hour)
    expect(await nameOf(harness.meter({ Timestamp }))).toBe('TimestampOutOfBoundsException')
    expect(await harness.meter({ UsageQuantity: 10 })).toMatch(uuid)
  })
})

describe('a client token', () => {
  test('a client token with the same parameters has the same answer, even after the window', async () => {
    const Timestamp = ago(0)
    const id = await harness.meter({ ClientToken: 'token', Timestamp })
    await harness.clock.advance(7 * hour)
    expect(await harness.meter({ ClientToken: 'token', Timestamp })).toBe(id)
  })

  test('a client token with other parameters is an IdempotencyConflictException', async () => {
    await harness.meter({ ClientToken: 'token' })
    const others = [{ UsageQuantity: 6 }, { UsageDimension: 'storage' }, { Timestamp: ago(minute) }]
    for (const other of others) {
      expect(await failureOf(harness.meter({ ClientToken: 'token', ...other }))).toEqual({
        name: 'IdempotencyConflictException',
        status: 409,
      })
    }
  })

  test('the client token of a refused call is free for another one', async () => {
    await failureOf(harness.meter({ ClientToken: 'token', Timestamp: ago(7 * hour) }))
    expect(await harness.meter({ ClientToken: 'token' })).toMatch(uuid)
  })

  test('a client token belongs to its task', async () => {
    await harness.meter({ ClientToken: 'token' })
    const other = { accessKeyId: 'AKIATASK2' }
    expect(await harness.meter({ ClientToken: 'token', UsageQuantity: 6 }, other)).toMatch(uuid)
  })
})

describe('a dry run', () => {
  test('a dry run records nothing and leaves its client token free', async () => {
    await harness.meter({ DryRun: true, ClientToken: 'token' })
    expect(await records()).toEqual([])
    expect(await harness.meter({ UsageQuantity: 7, ClientToken: 'token' })).toMatch(uuid)
    // Nor is it compared with the call that has used the token since.
    expect(await harness.meter({ DryRun: true, ClientToken: 'token' })).toMatch(uuid)
  })

  test('a permitted dry run is answered with HTTP 200', async () => {
    expect(await harness.meter({ DryRun: true })).toMatch(uuid)
  })

  test('a permitted dry run is answered with the error DryRunOperation where that form is set', async () => {
    await harness.control('settings', { dryRunForm: 'error' })
    expect(await nameOf(harness.meter({ DryRun: true }))).toBe('DryRunOperation')
    expect(await records()).toEqual([])
  })

  test('a dry run without the permission is an UnauthorizedException', async () => {
    await restart({ tasks: [{ ...task1, allowedActions: [] }] })
    expect(await nameOf(harness.meter({ DryRun: true }))).toBe('UnauthorizedException')
  })

  test('a dry run finds an unknown product, an unknown dimension and a missing subscription', async () => {
    const dryRun = (input = {}) => nameOf(harness.meter({ DryRun: true, ...input }))
    expect(await dryRun({ ProductCode: 'other' })).toBe('InvalidProductCodeException')
    expect(await dryRun({ UsageDimension: 'other' })).toBe('InvalidUsageDimensionException')
    await harness.control('settings', { entitled: false, dryRunForm: 'error' })
    expect(await dryRun()).toBe('CustomerNotEntitledException')
  })
})

describe('MeterUsage refuses', () => {
  test('MeterUsage refuses a product that does not exist', async () => {
    const call = harness.meter({ ProductCode: 'other' })
    expect(await failureOf(call)).toEqual({ name: 'InvalidProductCodeException', status: 400 })
  })

  test('MeterUsage refuses a dimension that the product does not have', async () => {
    const call = harness.meter({ UsageDimension: 'other' })
    expect(await nameOf(call)).toBe('InvalidUsageDimensionException')
  })

  test('MeterUsage refuses a buyer who has left, even in a registered task', async () => {
    await restart({
      buyers: [{ id: 'leaver', entitled: true, leavesAt: Date.parse('2026-03-10T10:00:00Z') }],
      tasks: [{ ...task1, buyer: 'leaver' }],
    })
    await harness.register()
    expect(await harness.meter()).toMatch(uuid)
    await harness.clock.advance(hour)
    expect(await nameOf(harness.meter())).toBe('CustomerNotEntitledException')
  })

  test('MeterUsage refuses a region other than that of the task', async () => {
    await restart({ tasks: [{ ...task1, region: 'us-east-1' }] })
    expect(await nameOf(harness.meter())).toBe('InvalidEndpointRegionException')
    expect(await harness.meter({}, { region: 'us-east-1' })).toMatch(uuid)
  })

  test('a task without a region runs where its first call was signed for', async () => {
    await harness.meter()
    const call = harness.meter({}, { region: 'us-east-1' })
    expect(await nameOf(call)).toBe('InvalidEndpointRegionException')
    const other = { accessKeyId: 'AKIATASK2', region: 'us-east-1' }
    expect(await harness.meter({}, other)).toMatch(uuid)
    await harness.control('settings', { region: 'us-east-1' })
    expect(await nameOf(harness.meter())).toBe('InvalidEndpointRegionException')
  })

  test('MeterUsage refuses a region where the product is not offered', async () => {
    await restart({ products: [{ ...demoProduct, regions: ['us-east-1'] }] })
    expect(await nameOf(harness.meter())).toBe('InvalidEndpointRegionException')
  })

  test('MeterUsage refuses records for a product that AWS meters by itself', async () => {
    await restart({ products: [{ ...demoProduct, route: 'hourly' }] })
    expect(await nameOf(harness.meter())).toBe('InvalidUsageDimensionException')
  })
})
