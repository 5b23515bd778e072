import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  accessKeyId,
  startHarness,
  type SidecarHarness,
} from '../../support/sidecar/sidecar-harness.ts'

const hours = ['2026-03-10T09:00:00.000Z', '2026-03-10T10:00:00.000Z', '2026-03-10T11:00:00.000Z']

let harness: SidecarHarness
beforeEach(async () => {
  harness = await startHarness()
  await harness.entitled()
})
afterEach(() => harness.close())

const report = (quantity: number, dimension = 'requests') => harness.post({ dimension, quantity })
const fault = (effect: object) =>
  harness.aws.control('faults', { operation: 'MeterUsage', ...effect })

async function settled(state: string, count = 1) {
  const { body } = await harness.get('/v1/usage')
  const records = body['settled'] as { readonly state: string }[]
  return records.filter((record) => record.state === state).length === count
}

async function sent() {
  const calls = await harness.calls()
  const inputs = calls.map(({ outcome, input }) => ({ outcome, input: input as CallInput }))
  return inputs.filter(({ input }) => input.UsageQuantity !== undefined && !input.DryRun)
}

interface CallInput {
  readonly UsageQuantity?: number
  readonly DryRun?: boolean
  readonly ClientToken?: string
}

describe('an hour that is over', () => {
  test('becomes exactly one record with the sum, and stays one', async () => {
    for (const quantity of [1, 2, 3]) await report(quantity)
    await harness.endHour()
    await harness.until(() => settled('accepted'))
    await harness.endHour()
    expect(await harness.records()).toMatchObject([
      { resource: accessKeyId, dimension: 'requests', hour: hours[0], quantity: 6 },
    ])
    expect(await sent()).toHaveLength(1)
  })

  test('becomes one record for each dimension', async () => {
    await report(1)
    await report(2, 'storage')
    await harness.endHour()
    await harness.until(() => settled('accepted', 2))
    expect(
      (await harness.records()).map(({ dimension, quantity }) => [dimension, quantity]),
    ).toEqual(
      expect.arrayContaining([
        ['requests', 1],
        ['storage', 2],
      ]),
    )
  })

  test('without usage becomes none', async () => {
    await harness.endHour()
    await harness.endHour()
    expect(await harness.records()).toEqual([])
  })
})

describe('a record', () => {
  test('that AWS throttles is sent again with the same token, and accepted once', async () => {
    await report(5)
    await fault({ times: 2, error: 'ThrottlingException' })
    await harness.endHour()
    for (const attempts of [1, 2]) {
      await harness.attempts(attempts)
      await harness.clock.advance(5000)
    }
    await harness.until(() => settled('accepted'))
    const calls = await sent()
    expect(calls.map(({ outcome }) => outcome)).toEqual([
      'ThrottlingException',
      'ThrottlingException',
      'ok',
    ])
    expect(new Set(calls.map(({ input }) => input.ClientToken)).size).toBe(1)
    expect(await harness.records()).toMatchObject([{ quantity: 5 }])
  })

  test.each([
    ['an error inside AWS', { error: 'InternalServiceErrorException' }],
    ['a connection that ended before AWS took it', { drop: 'before' }],
    ['a connection that ended after AWS took it', { drop: 'after' }],
  ])('that met %s is sent again, and there is one', async (_name, effect) => {
    await report(5)
    await fault(effect)
    await harness.endHour()
    await harness.attempts(1)
    await harness.clock.advance(5000)
    await harness.until(() => settled('accepted'))
    expect(await sent()).toHaveLength(2)
    expect(await harness.records()).toMatchObject([{ quantity: 5, hour: hours[0] }])
  })

  test('whose hour another sender closed goes with the next hour', async () => {
    await harness.aws.meter({ UsageQuantity: 9 }, { accessKeyId })
    await report(5)
    await harness.endHour()
    await harness.until(() => settled('moved'))
    expect((await harness.get('/v1/usage')).body).toMatchObject({
      open: [{ dimension: 'requests', hour: hours[1], quantity: 5 }],
      settled: [{ movedTo: hours[1], lastCode: 'DuplicateRequestException' }],
    })
    await harness.endHour()
    await harness.until(() => settled('accepted'))
    expect(await harness.records()).toMatchObject([
      { hour: hours[0], quantity: 9 },
      { hour: hours[1], quantity: 5 },
    ])
  })

  test('that AWS may have accepted is never billed twice: an operator has to decide', async () => {
    await report(5)
    await fault({ drop: 'before' })
    await harness.endHour()
    await harness.attempts(1)
    const Timestamp = new Date(hours[0] ?? '')
    await harness.aws.meter({ UsageQuantity: 9, Timestamp }, { accessKeyId })
    await harness.clock.advance(5000)
    await harness.until(() => settled('unresolved'))
    await harness.endHour()
    expect(await harness.records()).toMatchObject([{ quantity: 9 }])
  })

  test('that could not be sent for seven hours is carried into the current hour', async () => {
    await report(5)
    await fault({ times: 1000, error: 'ThrottlingException' })
    await harness.endHour()
    await harness.attempts(1)
    await harness.clock.advance(7 * 3_600_000)
    await harness.aws.control('reset', {})
    await harness.until(async () => {
      await harness.clock.advance(1000)
      return settled('moved')
    })
    await harness.endHour()
    await harness.until(() => settled('accepted'))
    expect(await harness.records()).toMatchObject([
      { hour: '2026-03-10T17:00:00.000Z', quantity: 5 },
    ])
  })

  test('of each hour of an outage of AWS is sent for its own hour', async () => {
    await fault({ times: 1000, error: 'InternalServiceErrorException' })
    for (const quantity of [1, 2, 3]) {
      await report(quantity)
      await harness.endHour()
    }
    await harness.attempts(1)
    await harness.aws.control('reset', {})
    await harness.until(async () => {
      await harness.clock.advance(1000)
      return settled('accepted', 3)
    })
    // A record whose outcome stays unknown lets later hours pass.
    const records = (await harness.records()).toSorted((a, b) => (a.hour < b.hour ? -1 : 1))
    expect(records).toMatchObject([
      { hour: hours[0], quantity: 1 },
      { hour: hours[1], quantity: 2 },
      { hour: hours[2], quantity: 3 },
    ])
  })

  test('that AWS refuses waits, lets later hours pass, and is sent when the cause is fixed', async () => {
    await report(5)
    await fault({ error: 'InvalidTagException' })
    await harness.endHour()
    await harness.attempts(1)
    await report(6)
    await harness.endHour()
    await harness.until(() => settled('accepted', 2))
    expect((await harness.records()).map(({ hour, quantity }) => [hour, quantity])).toEqual(
      expect.arrayContaining([
        [hours[0], 5],
        [hours[1], 6],
      ]),
    )
  })
})
