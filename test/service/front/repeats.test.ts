import { afterEach, describe, expect, test } from 'vitest'
import { callFront, startSeconds, usageInput } from '../../support/aws/front-call.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
async function start(options?: SidecarOptions): Promise<void> {
  harness = await startHarness(options)
  await harness.entitled()
}
afterEach(() => harness.close())

const id = '2f0f3a1e-2d3c-4b5a-9c7d-8e9fa0b1c2d3'
const hourly: SidecarOptions = { settings: { SIDECAR_METER_USAGE_CALLS: 'hourly' } }

const meter = (members: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  callFront(harness.sidecar.appPort, 'MeterUsage', usageInput(members), headers)

async function quantity(): Promise<unknown> {
  const { body } = await harness.get('/v1/usage')
  const open = body['open'] as readonly { readonly quantity: number }[]
  return open.reduce((sum, each) => sum + each.quantity, 0)
}

async function restart(): Promise<void> {
  const { dataDir, aws } = harness
  await harness.sidecar.stop()
  await start({ ...hourly, dataDir, aws })
}

describe('a call that an SDK repeats', () => {
  test.each(['amz-sdk-invocation-id', 'aws-sdk-invocation-id'])(
    'without a ClientToken counts once, by %s',
    async (header) => {
      await start()
      const first = await meter({}, { [header]: id })
      const repeat = await meter({}, { [header]: id })
      expect(repeat.body).toEqual(first.body)
      expect(await quantity()).toBe(5)
      await meter({}, { [header]: id.replace('2f', '3f') })
      expect(await quantity()).toBe(10)
    },
  )

  test('is known by its ClientToken first', async () => {
    await start()
    await meter({ ClientToken: 'a' }, { 'amz-sdk-invocation-id': id })
    await meter({ ClientToken: 'b' }, { 'amz-sdk-invocation-id': id })
    await meter({ ClientToken: 'a' })
    expect(await quantity()).toBe(10)
  })

  test('is not known by an id that is no UUID, because every call may have it', async () => {
    await start()
    await meter({}, { 'amz-sdk-invocation-id': 'static' })
    await meter({}, { 'amz-sdk-invocation-id': 'static' })
    expect(await quantity()).toBe(10)
  })
})

describe('calls without any key', () => {
  test('are counted when they are identical, and warned of', async () => {
    await start()
    await meter()
    await meter({ Timestamp: startSeconds + 1 })
    await meter({ UsageQuantity: 6 })
    expect(harness.emitted('callRepeated')).toEqual([])
    await meter()
    expect(harness.emitted('callRepeated')).toMatchObject([{ dimension: 'requests' }])
    expect(await quantity()).toBe(21)
    expect((await harness.ops('/metrics')).text).toMatch(
      /^marketplace_usage_repeated_calls_total\{.*dimension="requests".*\} 1$/m,
    )
  })

  test('are not warned of where they have a key or follow AWS’s rule', async () => {
    await start(hourly)
    await meter()
    await meter()
    await meter({ UsageDimension: 'storage', ClientToken: 'a' })
    await meter({ UsageDimension: 'storage', ClientToken: 'a' })
    expect(harness.emitted('callRepeated')).toEqual([])
  })
})

describe('with SIDECAR_METER_USAGE_CALLS=hourly', () => {
  test('the same quantity for another minute of the hour is the same record', async () => {
    await start(hourly)
    const first = await meter()
    const second = await meter({
      Timestamp: startSeconds - 600,
      UsageQuantity: undefined,
      UsageQuantityAsDecimal: '5.0',
    })
    expect(second).toMatchObject({ status: 200, body: first.body })
    expect(await quantity()).toBe(5)
  })

  test('another quantity is a DuplicateRequestException, and the first one is billed', async () => {
    await start(hourly)
    await meter()
    expect(await meter({ UsageQuantity: 6 })).toMatchObject({
      status: 400,
      body: { __type: 'DuplicateRequestException' },
    })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ quantity: 5 }])
  })

  test('other allocations of the same quantity are a DuplicateRequestException', async () => {
    await start(hourly)
    const split = (team: string) => ({
      UsageAllocations: [
        { AllocatedUsageQuantity: 2, Tags: [{ Key: 'team', Value: team }] },
        { AllocatedUsageQuantity: 3 },
      ],
    })
    await meter(split('a'))
    expect((await meter(split('b'))).body).toMatchObject({ __type: 'DuplicateRequestException' })
    expect((await meter(split('a'))).status).toBe(200)
    expect(await quantity()).toBe(5)
  })

  test('another hour and another dimension are other records', async () => {
    await start(hourly)
    await meter()
    await meter({ UsageQuantity: 6, Timestamp: startSeconds - 3600 })
    await meter({ UsageQuantity: 7, UsageDimension: 'storage' })
    expect(await quantity()).toBe(18)
  })

  test('a call is compared before its window, and after a restart', async () => {
    await start(hourly)
    const first = await meter()
    for (let hour = 0; hour < 7; hour += 1) await harness.endHour()
    expect(await meter()).toMatchObject({ status: 200, body: first.body })
    expect((await meter({ UsageQuantity: 6 })).body).toMatchObject({
      __type: 'DuplicateRequestException',
    })
    await restart()
    expect((await meter()).status).toBe(200)
    expect((await meter({ UsageQuantity: 6 })).body).toMatchObject({
      __type: 'DuplicateRequestException',
    })
    expect(await harness.records()).toMatchObject([{ quantity: 5 }])
  })

  test('a ClientToken with other members is a conflict, as at AWS', async () => {
    await start(hourly)
    await meter({ ClientToken: 'a' })
    expect((await meter({ ClientToken: 'b' })).status).toBe(200)
    expect((await meter({ ClientToken: 'a', UsageDimension: 'storage' })).body).toMatchObject({
      __type: 'IdempotencyConflictException',
    })
    expect(await quantity()).toBe(5)
  })
})
