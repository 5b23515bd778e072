import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFastClock } from '../../../src/kernel/clock.ts'
import { modelErrors } from '../../../src/protocol/service-errors.ts'
import { settle } from '../../support/manual-clock.ts'
import { failureOf, startEmulator, type Harness } from './harness.ts'

const hour = 3_600_000
const lines: string[] = []

let harness: Harness
beforeEach(async () => {
  lines.length = 0
  harness = await startEmulator({ log: (line) => lines.push(line) })
})
afterEach(() => harness.close())

async function calls(): Promise<unknown> {
  return (await harness.control('calls'))['calls']
}

async function records(): Promise<unknown> {
  return (await harness.control('records'))['records']
}

describe('faults', () => {
  test.each(Object.entries(modelErrors))('%s is answered with HTTP %d', async (error, status) => {
    await harness.control('faults', { operation: 'MeterUsage', error, message: 'as asked' })
    expect(await failureOf(harness.meter())).toEqual({ name: error, status })
    expect(await records()).toEqual([])
    expect(await harness.meter()).toBeTypeOf('string')
  })

  test('affect every operation if they are set for all', async () => {
    await harness.control('faults', { operation: '*', times: 2, error: 'ThrottlingException' })
    expect((await failureOf(harness.register())).name).toBe('ThrottlingException')
    expect((await failureOf(harness.meter())).name).toBe('ThrottlingException')
    expect(await harness.register()).toBeTypeOf('string')
  })

  test('a connection dropped before has no effect', async () => {
    await harness.control('faults', { operation: 'MeterUsage', drop: 'before' })
    expect((await failureOf(harness.meter())).status).toBe(0)
    expect(await records()).toEqual([])
    expect(await calls()).toMatchObject([{ outcome: 'dropped-before', status: null }])
  })

  test('a connection dropped after has its effect', async () => {
    await harness.control('faults', { operation: 'MeterUsage', drop: 'after' })
    expect((await failureOf(harness.meter())).status).toBe(0)
    expect(await records()).toMatchObject([{ quantity: 5 }])
    expect(await calls()).toMatchObject([{ outcome: 'dropped-after', status: null }])
  })

  test('a delayed call is answered when the delay is over', async () => {
    await harness.control('faults', { operation: 'MeterUsage', delayMs: 5000 })
    let answered = false
    const call = harness.meter().then(() => (answered = true))
    while (harness.clock.waiting === 0) await settle()
    expect(answered).toBe(false)
    await harness.clock.advance(5000)
    await call
    expect(answered).toBe(true)
  })

  test('a delayed call does not keep the emulator from closing', async () => {
    await harness.control('faults', { operation: 'MeterUsage', delayMs: 5000 })
    const call = failureOf(harness.meter())
    while (harness.clock.waiting === 0) await settle()
    await harness.close()
    expect((await call).status).toBe(0)
  })
})

describe('the clock', () => {
  test('can be read, set, moved and made faster', async () => {
    expect(await harness.control('clock')).toEqual({
      now: '2026-03-10T09:15:00.000Z',
      rate: 1,
      hourMs: hour,
    })
    expect(await harness.control('clock', { now: '2026-03-31T23:00:00Z', rate: 180 })).toEqual({
      now: '2026-03-31T23:00:00.000Z',
      rate: 180,
      hourMs: 20_000,
    })
    expect(await harness.control('clock', { advanceMs: hour })).toMatchObject({
      now: '2026-04-01T00:00:00.000Z',
    })
    await harness.clock.advance(20_000)
    expect(harness.emulator.clock.now()).toBe(Date.parse('2026-04-01T01:00:00Z'))
  })

  test('decides the window of records', async () => {
    const Timestamp = new Date(harness.clock.now())
    await harness.control('clock', { advanceMs: 6 * hour + 1 })
    expect((await failureOf(harness.meter({ Timestamp }))).name).toBe(
      'TimestampOutOfBoundsException',
    )
  })

  test('runs fast on a fast clock', async () => {
    const startAt = Date.parse('2026-03-10T00:00:00Z')
    const fast = await startEmulator({ clock: createFastClock(3_600_000, startAt) })
    await fast.register()
    const { now } = await fast.control('clock')
    await fast.close()
    expect(Date.parse(String(now))).toBeGreaterThan(startAt + hour)
  })
})

describe('the calls', () => {
  test('are listed with caller, request and outcome', async () => {
    const id = await harness.meter({ ClientToken: 'token' })
    await failureOf(harness.meter({ UsageQuantity: 6, ClientToken: 'other' }))
    const call = {
      at: '2026-03-10T09:15:00.000Z',
      operation: 'MeterUsage',
      resource: 'AKIATASK1',
      region: 'eu-west-1',
    }
    expect(id).toBeTypeOf('string')
    expect(await calls()).toEqual([
      { ...call, input: expect.objectContaining({ UsageQuantity: 5 }), outcome: 'ok', status: 200 },
      {
        ...call,
        input: expect.objectContaining({ UsageQuantity: 6 }),
        outcome: 'DuplicateRequestException',
        status: 400,
      },
    ])
    expect(lines[0]).toBe('2026-03-10T09:15:00.000Z MeterUsage by AKIATASK1 in eu-west-1: ok')
  })

  test('are listed even when they name no operation', async () => {
    await fetch(harness.url, { method: 'POST', body: 'x' })
    expect(await calls()).toMatchObject([
      { operation: null, resource: null, input: null, outcome: 'UnknownOperationException' },
    ])
  })
})

describe('settings and reset', () => {
  test('the answer to settings is their new state', async () => {
    const changed = await harness.control('settings', { entitled: false, region: 'us-east-1' })
    expect(changed).toEqual({
      entitled: false,
      platformSupported: true,
      dryRunForm: 'ok',
      publicKeyRotationAt: null,
      region: 'us-east-1',
      unprocessed: null,
      eventsUrl: null,
      eventsToken: null,
      registerUsagePerSecond: 0,
      meterUsagePerSecond: 0,
      batchMeterUsagePerSecond: 0,
    })
    expect(await harness.control('settings')).toEqual(changed)
  })

  test('a reset forgets records, calls, faults, settings and registrations, but not the time', async () => {
    await harness.register()
    await harness.meter()
    await harness.control('faults', { error: 'ThrottlingException' })
    await harness.control('settings', { dryRunForm: 'error' })
    await harness.control('clock', { advanceMs: hour })
    expect(await harness.control('reset', {})).toEqual({ ok: true })
    expect(await records()).toEqual([])
    expect(await calls()).toEqual([])
    expect(await harness.control('clock')).toMatchObject({ now: '2026-03-10T10:15:00.000Z' })
    expect(await harness.meter({ DryRun: true })).toBeTypeOf('string')
    await harness.control('settings', { entitled: false })
    expect((await failureOf(harness.register())).name).toBe('CustomerNotEntitledException')
  })

  test('a reset restores the region that the emulator was started with', async () => {
    const local = await startEmulator({ region: 'us-east-1' })
    await local.control('settings', { region: null })
    await local.control('reset', {})
    const settings = await local.control('settings')
    await local.close()
    expect(settings['region']).toBe('us-east-1')
  })

  test.each(['faults', 'clock', 'settings'])(
    'a wrong request for %s is answered with 400 and the reason',
    async (path) => {
      const response = await fetch(`${harness.url}/_emulator/${path}`, {
        method: 'POST',
        body: '{"colour":"red"}',
      })
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({
        error: expect.stringContaining('colour is not known'),
      })
    },
  )

  test('a time before 1970 or after 9999 is refused', async () => {
    expect(await harness.control('clock', { advanceMs: -1e15 })).toEqual({
      error: 'the clock goes from 1970 to 9999',
    })
  })
})
