import { afterEach, describe, expect, test } from 'vitest'
import type { EmulatedCall } from '../../../src/emulator/control/calls.ts'
import {
  authorization,
  callFront,
  startSeconds,
  usageInput,
  type FrontAnswer,
} from '../../support/aws/front-call.ts'
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

const meter = (members: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  callFront(harness.sidecar.appPort, 'MeterUsage', usageInput(members), headers)

async function open(): Promise<unknown> {
  return (await harness.get('/v1/usage')).body['open']
}

/** What was sent to AWS for hours that are over. */
async function sent(): Promise<readonly EmulatedCall[]> {
  const calls = await harness.calls()
  return calls.filter(({ operation, input }) => {
    const isDryRun = (input as { readonly DryRun?: boolean }).DryRun === true
    return operation === 'MeterUsage' && !isDryRun
  })
}

const idOf = ({ body }: FrontAnswer) => body['MeteringRecordId']
const team = (Value: string) => ({ Key: 'team', Value })

describe('MeterUsage at the front', () => {
  test('lands in the ledger and is sent after the hour, calls of one hour added up', async () => {
    await start()
    const answers = [await meter(), await meter({ UsageQuantity: 7 })]
    for (const answer of answers)
      expect(answer).toEqual({
        status: 200,
        type: 'application/x-amz-json-1.1',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        body: { MeteringRecordId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      })
    expect(await open()).toMatchObject([{ dimension: 'requests', quantity: 12 }])
    expect(await harness.records()).toEqual([])
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([
      { dimension: 'requests', hour: '2026-03-10T09:00:00.000Z', quantity: 12 },
    ])
  })

  test('is sent with the allocations that it came with, added up by tag set', async () => {
    await start()
    const first = [
      { AllocatedUsageQuantity: 3, Tags: [team('a'), { Key: 'app', Value: 'x' }] },
      { AllocatedUsageQuantity: 2 },
    ]
    const second = [{ AllocatedUsageQuantity: 4, Tags: [{ Key: 'app', Value: 'x' }, team('a')] }]
    await meter({ UsageAllocations: first })
    await meter({ UsageQuantity: 4, UsageAllocations: second })
    await meter({ UsageQuantity: 1 })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    const [call] = await sent()
    expect(call?.input).toMatchObject({ UsageQuantity: 10 })
    const { UsageAllocations } = (call?.input ?? {}) as { readonly UsageAllocations?: unknown }
    expect(UsageAllocations).toHaveLength(2)
    expect(UsageAllocations).toEqual(
      expect.arrayContaining([
        { AllocatedUsageQuantity: 7, Tags: [{ Key: 'app', Value: 'x' }, team('a')] },
        { AllocatedUsageQuantity: 3 },
      ]),
    )
  })

  test('with a repeated ClientToken is counted once, with the same answer', async () => {
    await start()
    const answers = [await meter({ ClientToken: 'a' }), await meter({ ClientToken: 'a' })]
    expect(idOf(answers[1] as FrontAnswer)).toBe(idOf(answers[0] as FrontAnswer))
    expect(await open()).toMatchObject([{ quantity: 5 }])
  })

  test.each([
    ['quantity', { UsageQuantity: 6 }],
    ['dimension', { UsageDimension: 'storage' }],
    ['time', { Timestamp: startSeconds - 1 }],
    ['allocation', { UsageAllocations: [{ AllocatedUsageQuantity: 5, Tags: [team('a')] }] }],
  ])('with a ClientToken that came with another %s is 409', async (_what, members) => {
    await start()
    await meter({ ClientToken: 'a' })
    const answer = await meter({ ClientToken: 'a', ...members })
    expect(answer).toMatchObject({
      status: 409,
      body: {
        __type: 'IdempotencyConflictException',
        message: expect.stringMatching('ClientToken'),
      },
    })
    expect(await open()).toMatchObject([{ dimension: 'requests', quantity: 5 }])
  })

  test('keeps ClientTokens apart from the keys of POST /v1/usage', async () => {
    await start()
    await meter({ ClientToken: 'a' })
    const headers = { 'idempotency-key': 'a' }
    const { status } = await harness.post({ dimension: 'requests', quantity: 1 }, headers)
    expect(status).toBe(200)
    expect(await open()).toMatchObject([{ quantity: 6 }])
  })

  test.each([
    ['what follows a NUL', 'a\0b', 'a\0c'],
    ['letter case', 'a', 'A'],
    ['a space', 'a', 'a '],
  ])('treats tokens that differ in %s as two', async (_what, one, other) => {
    await start()
    await meter({ ClientToken: one })
    await meter({ ClientToken: other })
    expect(await open()).toMatchObject([{ quantity: 10 }])
  })

  test('returns one id for each hour and dimension', async () => {
    await start()
    const ids = [
      await meter(),
      await meter({ Timestamp: startSeconds - 900 }),
      await meter({ Timestamp: startSeconds - 901 }),
      await meter({ UsageDimension: 'storage' }),
    ].map(idOf)
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
  })

  test('of an hour that is closed has the id of the later hour that counts it', async () => {
    await start()
    const before = idOf(await meter())
    await harness.sidecar.stop()
    harness = await startHarness({ dataDir: harness.dataDir, aws: harness.aws })
    const after = idOf(await meter())
    expect(after).not.toBe(before)
    await harness.clock.advance(3_600_000)
    const next = await meter({ Timestamp: startSeconds + 3600 })
    expect(idOf(next)).toBe(after)
  })

  test('records usage of past hours in their own records', async () => {
    await start()
    await meter({ Timestamp: startSeconds - 5 * 3600, UsageQuantity: 3 })
    await meter({ Timestamp: startSeconds - 3600 + 0.25, UsageQuantity: 4 })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 2)
    const records = (await harness.records()).map(({ hour, quantity }) => [hour, quantity])
    expect(Object.fromEntries(records)).toEqual({
      '2026-03-10T04:00:00.000Z': 3,
      '2026-03-10T08:00:00.000Z': 4,
    })
  })

  test.each([
    ['six hours and a second ago', -6 * 3600 - 1],
    ['five minutes and a second ahead', 301],
    ['before 1970', -startSeconds - 1],
    ['in no year at all', 1e300],
  ])('of %s is a TimestampOutOfBoundsException in AWS’s words', async (_when, seconds) => {
    await start()
    const answer = await meter({ Timestamp: startSeconds + seconds })
    expect(answer).toMatchObject({
      status: 400,
      body: {
        __type: 'TimestampOutOfBoundsException',
        message: expect.stringMatching(/[Tt]imestamp/),
      },
    })
    expect(await open()).toEqual([])
  })

  test('counts AWS’s whole units, whatever the application counts in', async () => {
    await start({ settings: { SIDECAR_DIMENSIONS: 'requests,storage/1024' } })
    await meter({ UsageDimension: 'storage', UsageQuantity: 3 })
    await harness.post({ dimension: 'storage', quantity: 1024 })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ dimension: 'storage', quantity: 4 }])
  })

  test('of zero, or of no quantity, is accepted and counts nothing', async () => {
    await start()
    const nothing = { UsageQuantity: undefined }
    for (const members of [{ UsageQuantity: 0 }, nothing]) {
      const answer = await meter(members)
      expect(answer.status).toBe(200)
    }
    expect(await harness.sidecar.ledger.audit()).toMatchObject([{ reported: 0n, imbalance: 0n }])
    await harness.endHour()
    await harness.endHour()
    const quantities = (await harness.records()).map(({ quantity }) => quantity)
    expect(quantities.filter((quantity) => quantity !== 0)).toEqual([])
  })

  test('as a DryRun goes to AWS and counts nothing', async () => {
    await start()
    await harness.aws.control('reset', {})
    const answer = await meter({ DryRun: true })
    expect(answer.status).toBe(200)
    expect(await harness.calls()).toMatchObject([
      { operation: 'MeterUsage', outcome: 'ok', input: { DryRun: true, UsageQuantity: 5 } },
    ])
    expect(await open()).toEqual([])
  })

  test('as a DryRun of an invalid time is refused as AWS refuses it', async () => {
    await start()
    const body = JSON.stringify(usageInput({ DryRun: true })).replace(`${startSeconds}`, '1e400')
    const answer = await callFront(harness.sidecar.appPort, 'MeterUsage', body)
    expect(answer.status).toBe(400)
  })

  test('checks the region before anything else that it can know', async () => {
    await start()
    const headers = { authorization: authorization('us-east-1') }
    const answer = await meter({ ProductCode: 'another', UsageQuantity: 'x' }, headers)
    expect(answer).toMatchObject({
      status: 400,
      body: {
        __type: 'InvalidEndpointRegionException',
        message: expect.stringMatching('us-east-1.*eu-west-1'),
      },
    })
  })
})

describe('the other operations at the front', () => {
  test('are also checked for the region, without a call to AWS', async () => {
    await start()
    await harness.aws.control('reset', {})
    const headers = { authorization: authorization('us-east-1') }
    const { appPort } = harness.sidecar
    const batch = await callFront(appPort, 'BatchMeterUsage', { UsageRecords: [] }, headers)
    expect(batch.body).toMatchObject({ __type: 'InvalidEndpointRegionException' })
    const register = await callFront(appPort, 'RegisterUsage', {}, headers)
    expect(register.body).toMatchObject({ __type: 'InvalidRegionException' })
    expect(await harness.calls()).toEqual([])
  })

  test('return times as AWS sends them, in epoch seconds', async () => {
    await start()
    const record = { Timestamp: startSeconds, Dimension: 'requests', Quantity: 5 }
    const answer = await callFront(harness.sidecar.appPort, 'BatchMeterUsage', {
      ProductCode: '1a2b3cdemo4d5e6f7g8h9i0jk',
      UsageRecords: [{ ...record, CustomerIdentifier: 'demoCustomer01' }],
    })
    expect(answer.body).toMatchObject({
      Results: [{ Status: 'Success', UsageRecord: record }],
      UnprocessedRecords: [],
    })
  })
})
