import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

const hour = '2026-03-10T09:00:00.000Z'
const nextHour = '2026-03-10T10:00:00.000Z'
const dimensions = ['requests', 'storage'].map((name) => ({
  name,
  unit: null,
  divisor: 1,
  aggregate: 'sum',
}))

let harness: SidecarHarness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

async function open(): Promise<unknown> {
  return (await harness.get('/v1/usage')).body['open']
}

describe('POST /v1/usage', () => {
  test('records a report in the current hour', async () => {
    const { status, headers, body } = await harness.post({ dimension: 'requests', quantity: 3 })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(body).toEqual({ result: 'accepted', hour, late: false })
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 3 }])
  })

  test('accepts every member that a report may have', async () => {
    const report = {
      dimension: 'storage',
      quantity: '0.25',
      occurredAt: '2026-03-10T10:05:00+02:00',
      tags: { team: 'blue', 'cost center': 'a/b' },
      idempotencyKey: 'report-1',
    }
    const { body } = await harness.post(report)
    expect(body).toEqual({ result: 'accepted', hour: '2026-03-10T08:00:00.000Z', late: false })
  })

  test.each([
    ['{"dimension":"requests","quantity":-0}', 0],
    ['{"dimension":"requests","quantity":100e-2}', 1],
  ])('counts every way to write a number: %s', async (body, quantity) => {
    expect((await harness.post(body)).status).toBe(200)
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity }])
  })

  test('accepts a batch and answers each report in its order', async () => {
    const { status, body } = await harness.post({
      reports: [
        { dimension: 'requests', quantity: 1 },
        { dimension: 'storage', quantity: 2, occurredAt: '2026-03-10T08:59:59Z' },
        { dimension: 'requests', quantity: 3 },
      ],
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      results: [
        { result: 'accepted', hour, late: false },
        { result: 'accepted', hour: '2026-03-10T08:00:00.000Z', late: false },
        { result: 'accepted', hour, late: false },
      ],
    })
    expect(await open()).toEqual([
      { dimension: 'storage', hour: '2026-03-10T08:00:00.000Z', quantity: 2 },
      { dimension: 'requests', hour, quantity: 4 },
    ])
  })

  test('accepts a batch of 1000 reports', async () => {
    const reports = Array.from({ length: 1000 }, () => ({ dimension: 'requests', quantity: 1 }))
    const { body } = await harness.post({ reports })
    expect(body['results']).toHaveLength(1000)
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 1000 }])
  })

  test.each([
    [0, 0],
    [0.000001, 0.000001],
    ['1000000000000000', 1e15],
    ['0.100000', 0.1],
    ['007', 7],
  ])('accepts the quantity %j', async (quantity, held) => {
    expect((await harness.post({ dimension: 'requests', quantity })).status).toBe(200)
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: held }])
  })

  test('accepts usage up to 5 minutes ahead and 6 hours back', async () => {
    const earliest = '2026-03-10T03:15:00Z'
    for (const occurredAt of ['2026-03-10T09:20:00Z', earliest])
      expect((await harness.post({ dimension: 'requests', quantity: 1, occurredAt })).status).toBe(
        200,
      )
  })

  test('accepts what curl sends with -d alone', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const { status } = await harness.post({ dimension: 'requests', quantity: 3 }, type)
    expect(status).toBe(200)
    expect((await harness.post('dimension=requests&quantity=3', type)).body).toMatchObject({
      code: 'InvalidJson',
      detail: expect.not.stringContaining('application/json'),
    })
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 3 }])
  })
})

describe('an idempotency key', () => {
  const report = { dimension: 'requests', quantity: 3 }

  test('of a report counts it once, however often it is sent', async () => {
    const keyed = { ...report, idempotencyKey: 'a' }
    expect((await harness.post(keyed)).body).toEqual({ result: 'accepted', hour, late: false })
    expect((await harness.post(keyed)).body).toEqual({ result: 'duplicate', hour, late: false })
    const { body } = await harness.post({ reports: [keyed, { ...report, idempotencyKey: 'b' }] })
    expect(body['results']).toMatchObject([{ result: 'duplicate' }, { result: 'accepted' }])
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 6 }])
  })

  test('twice in one batch counts once', async () => {
    const keyed = { ...report, idempotencyKey: 'a' }
    const { body } = await harness.post({ reports: [keyed, keyed] })
    expect(body['results']).toMatchObject([{ result: 'accepted' }, { result: 'duplicate' }])
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 3 }])
  })

  test('in the header covers the whole request', async () => {
    const batch = { reports: [report, report] }
    const key = { 'idempotency-key': 'whole' }
    expect((await harness.post(batch, key)).status).toBe(200)
    const { body } = await harness.post(batch, key)
    expect(body['results']).toMatchObject([{ result: 'duplicate' }, { result: 'duplicate' }])
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 6 }])
  })

  test('is remembered after the hour is over', async () => {
    const keyed = { ...report, idempotencyKey: 'a' }
    await harness.post(keyed)
    await harness.endHour()
    await harness.attempts(1)
    expect((await harness.post(keyed)).body).toEqual({ result: 'duplicate', hour, late: false })
    expect(await open()).toEqual([])
  })

  test('with other content is refused with 409, and nothing of the request is recorded', async () => {
    await harness.post({ ...report, idempotencyKey: 'a' })
    await harness.post(report, { 'idempotency-key': 'a' })
    const answers = [
      await harness.post({ ...report, quantity: 4, idempotencyKey: 'a' }),
      await harness.post({ ...report, quantity: 4 }, { 'idempotency-key': 'a' }),
      await harness.post({
        reports: [report, { dimension: 'storage', quantity: 3, idempotencyKey: 'a' }],
      }),
      await harness.post({
        reports: [
          { ...report, idempotencyKey: 'new' },
          { ...report, quantity: 9, idempotencyKey: 'new' },
        ],
      }),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(409)
      expect(body).toMatchObject({ code: 'IdempotencyKeyReused', status: 409 })
    }
    expect(await open()).toEqual([{ dimension: 'requests', hour, quantity: 6 }])
  })
})

const sidecar = {
  version: '1.2.3',
  resource: 'host:test-host',
  startedAt: '2026-03-10T09:15:00.000Z',
}
const store = {
  kind: 'sqlite',
  ledgerBytes: expect.any(Number),
  freeBytes: expect.any(Number),
  volumeBytes: expect.any(Number),
}

describe('GET /v1/usage', () => {
  test('is empty when there is nothing', async () => {
    expect((await harness.get('/v1/usage')).body).toEqual({
      now: '2026-03-10T09:15:00.000Z',
      sidecar,
      store,
      dimensions,
      sources: [],
      readings: [],
      open: [],
      fractions: [],
      held: [],
      late: [],
      pending: [],
      settled: [],
      pendingCount: 0,
      unresolvedCount: 0,
      nextSendAt: null,
      lastSuccessAt: null,
      lastFailure: null,
      oldestUnsentHour: null,
    })
  })

  test('shows the record of an hour that is over, once AWS has it', async () => {
    await harness.entitled()
    for (const quantity of [1, 2, 3]) await harness.post({ dimension: 'requests', quantity })
    await harness.endHour()
    await harness.until(async () => {
      const { lastSuccessAt, nextSendAt } = (await harness.get('/v1/usage')).body
      return lastSuccessAt !== null && nextSendAt === null
    })
    const [record] = await harness.records()
    expect(record).toMatchObject({ dimension: 'requests', hour, quantity: 6 })
    expect((await harness.get('/v1/usage')).body).toEqual({
      now: '2026-03-10T10:01:00.000Z',
      sidecar,
      store,
      dimensions,
      sources: [],
      readings: [],
      open: [],
      fractions: [],
      held: [],
      late: [],
      pending: [],
      settled: [
        {
          id: 1,
          dimension: 'requests',
          hour,
          quantity: 6,
          state: 'accepted',
          customer: null,
          attempts: 1,
          meteringRecordId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          lastAttemptAt: '2026-03-10T10:01:00.000Z',
          lastCode: null,
          lastMessage: null,
          settledAt: '2026-03-10T10:01:00.000Z',
          movedTo: null,
          acceptedUntil: null,
        },
      ],
      pendingCount: 0,
      unresolvedCount: 0,
      nextSendAt: null,
      lastSuccessAt: '2026-03-10T10:01:00.000Z',
      lastFailure: null,
      oldestUnsentHour: null,
    })
  })

  test('shows what waits, and why', async () => {
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 1 })
    await harness.aws.control('faults', { operation: 'MeterUsage', error: 'ThrottlingException' })
    await harness.endHour()
    await harness.attempts(1)
    expect((await harness.get('/v1/usage')).body).toMatchObject({
      pending: [
        {
          state: 'sealed',
          attempts: 1,
          lastCode: 'ThrottlingException',
          acceptedUntil: '2026-03-10T16:00:00.000Z',
        },
      ],
      lastFailure: { code: 'ThrottlingException', at: '2026-03-10T10:01:00.000Z' },
      oldestUnsentHour: hour,
    })
  })
})

describe('GET /v1/usage reports when the next record is sent', () => {
  const nextSendAt = async () => (await harness.get('/v1/usage')).body['nextSendAt']

  test('after the open hour and the delay that seals it', async () => {
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 1 })
    expect(await nextSendAt()).toBe('2026-03-10T10:01:00.000Z')
  })

  test('with the pause after a failure', async () => {
    await harness.close()
    harness = await startHarness({ random: () => 0.5 })
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 1 })
    await harness.aws.control('faults', { operation: 'MeterUsage', error: 'AccessDeniedException' })
    await harness.endHour()
    await harness.attempts(1)
    await harness.until(async () => (await nextSendAt()) === '2026-03-10T10:01:30.000Z')
    await harness.post({ dimension: 'storage', quantity: 1 })
    expect(await nextSendAt()).toBe('2026-03-10T10:01:30.000Z')
    await harness.clock.advance(30_000)
    await harness.until(async () => (await nextSendAt()) === '2026-03-10T11:01:00.000Z')
  })

  test('and for usage of an hour that is over, when that is sealed', async () => {
    await harness.entitled()
    await harness.endHour()
    await harness.clock.advance(10 * 60_000)
    const occurredAt = '2026-03-10T09:59:59Z'
    await harness.post({ dimension: 'requests', quantity: 2, occurredAt })
    expect(await nextSendAt()).toBe('2026-03-10T10:12:00.000Z')
    await harness.clock.advance(60_000)
    await harness.until(async () => (await nextSendAt()) === null)
  })
})

describe('GET /v1/usage reports late usage', () => {
  const late = async () => (await harness.get('/v1/usage')).body['late']
  const report = (quantity: number, more = {}) => ({ dimension: 'requests', quantity, ...more })
  const occurredAt = '2026-03-10T09:59:59Z'

  test('by the hour that counts it, once for each key', async () => {
    await harness.entitled()
    await harness.post(report(5))
    await harness.endHour()
    await harness.attempts(1)
    const keyed = report(2, { occurredAt, idempotencyKey: 'late-1' })
    for (const body of [report(1), keyed, keyed]) await harness.post(body)
    await harness.post({ reports: [report(0.5, { occurredAt }), report(4)] })
    expect(await late()).toEqual([{ dimension: 'requests', hour: nextHour, quantity: 2.5 }])
  })

  test('also after a restart, and no longer than 48 hours', async () => {
    await harness.entitled()
    await harness.post(report(5))
    await harness.endHour()
    await harness.attempts(1)
    await harness.post(report(2, { occurredAt }))
    await harness.sidecar.stop()
    const { aws, dataDir } = harness
    harness = await startHarness({ aws, dataDir })
    expect(await late()).toEqual([{ dimension: 'requests', hour: nextHour, quantity: 2 }])
    await harness.clock.advance(48 * 3_600_000)
    expect(await late()).toEqual([])
  })
})

describe('an hour that is over', () => {
  test('accepts no more usage: late usage goes with the next hour', async () => {
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 5 })
    await harness.endHour()
    await harness.attempts(1)
    const late = { dimension: 'requests', quantity: 2, occurredAt: '2026-03-10T09:59:59Z' }
    expect((await harness.post(late)).body).toEqual({
      result: 'accepted',
      hour: nextHour,
      late: true,
    })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 2)
    expect(await harness.records()).toMatchObject([
      { hour, quantity: 5 },
      { hour: nextHour, quantity: 2 },
    ])
  })

  test('that had no usage yet still accepts it, and is sent without waiting for the next', async () => {
    await harness.entitled()
    await harness.endHour()
    const late = { dimension: 'requests', quantity: 2, occurredAt: '2026-03-10T09:59:59Z' }
    expect((await harness.post(late)).body).toEqual({ result: 'accepted', hour, late: false })
    await harness.clock.advance(60_000)
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ hour, quantity: 2 }])
  })
})

describe('quantities that are not whole units', () => {
  test('are billed as whole units, and the rest is carried to the next hour', async () => {
    await harness.entitled()
    for (const quantity of [1.5, '0.75']) await harness.post({ dimension: 'requests', quantity })
    await harness.endHour()
    await harness.attempts(1)
    expect((await harness.get('/v1/usage')).body['fractions']).toEqual([
      { dimension: 'requests', quantity: 0.25 },
    ])
    await harness.post({ dimension: 'requests', quantity: 0.75 })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 2)
    expect((await harness.records()).map(({ quantity }) => quantity)).toEqual([2, 1])
  })

  test('are divided by the dimension’s divisor first', async () => {
    await harness.close()
    harness = await startHarness({ settings: { SIDECAR_DIMENSIONS: 'requests,storage/1024' } })
    await harness.entitled()
    await harness.post({ dimension: 'storage', quantity: 2500 })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ dimension: 'storage', quantity: 2 }])
    expect((await harness.get('/v1/usage')).body['fractions']).toEqual([
      { dimension: 'storage', quantity: 452 },
    ])
  })

  test('that do not add up to one unit make no record', async () => {
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 0.5 })
    await harness.endHour()
    await harness.until(
      async () => ((await harness.get('/v1/usage')).body['fractions'] as unknown[]).length === 1,
    )
    expect(await harness.records()).toEqual([])
  })
})

describe('tags', () => {
  test('become the allocations of the record', async () => {
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 3, tags: { team: 'blue' } })
    await harness.post({ dimension: 'requests', quantity: 2, tags: { team: 'red' } })
    await harness.post({ dimension: 'requests', quantity: 1 })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([
      {
        quantity: 6,
        allocations: expect.arrayContaining([
          { AllocatedUsageQuantity: 1 },
          { AllocatedUsageQuantity: 3, Tags: [{ Key: 'team', Value: 'blue' }] },
          { AllocatedUsageQuantity: 2, Tags: [{ Key: 'team', Value: 'red' }] },
        ]),
      },
    ])
  })
})

describe('GET /v1/records.csv', () => {
  test('has what AWS accepted, and nothing else', async () => {
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 6 })
    await harness.endHour()
    await harness.attempts(1)
    await harness.post({ dimension: 'requests', quantity: 1 })
    await harness.aws.control('faults', { operation: 'MeterUsage', error: 'ThrottlingException' })
    await harness.endHour()
    await harness.attempts(2)
    const response = await fetch(`http://127.0.0.1:${harness.sidecar.appPort}/v1/records.csv`)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect((await response.text()).split('\r\n')).toEqual([
      'hour,dimension,quantity,meteringRecordId,settledAt,productCode,customer',
      expect.stringMatching(/^2026-03-10T09:00:00\.000Z,requests,6,[0-9a-f-]{36},2026-03-10T10:01/),
      '',
    ])
  })
})
