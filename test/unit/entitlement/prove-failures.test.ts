import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keysNewestFirst } from '../../../src/entitlement/register-usage/pinned-keys.ts'
import { settle } from '../../support/manual-clock.ts'
import { productWith, ProofBench, registered } from './proof-bench.ts'
import { failure } from './support.ts'

const yes = { ok: true, value: undefined } as const

let bench: ProofBench

beforeEach(() => {
  bench = new ProofBench()
})

afterEach(() => bench.stop.abort())

describe('failures', () => {
  test.each(['not-entitled', 'misconfigured', 'invalid'] as const)(
    '%s is final and says what to do',
    async (kind) => {
      bench.api.onRegister = [failure(kind, 'SomeException')]
      const entitlement = await bench.start('hourly')
      await bench.timers.advance(86_400_000)
      expect(entitlement.snapshot()).toMatchObject({
        state: 'denied',
        code: 'SomeException',
        message:
          'RegisterUsage failed with SomeException: AWS said SomeException. Advice for SomeException.',
        retryAfterSeconds: undefined,
      })
      expect(bench.api.calls).toHaveLength(1)
    },
  )

  test('throttling and outages are retried without end, ever more slowly', async () => {
    bench.api.onRegister = [
      failure('throttled', 'ThrottlingException'),
      failure('unavailable', 'ECONNREFUSED'),
    ]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot()).toMatchObject({
      state: 'unreachable',
      code: 'ThrottlingException',
      retryAfterSeconds: 1,
    })
    const delays: number[] = []
    for (let attempt = 1; attempt <= 11; attempt += 1) {
      const delay = Number(bench.timers.nextAt) - bench.timers.now()
      delays.push(delay)
      await bench.timers.advance(delay)
    }
    expect(delays).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 150_000, 150_000,
    ])
    expect(entitlement.snapshot()).toMatchObject({ code: 'ECONNREFUSED', retryAfterSeconds: 150 })
    expect(bench.api.calls).toHaveLength(12)
    bench.api.onRegister = [registered()]
    await bench.advance(entitlement, 150_000)
    expect(entitlement.snapshot().state).toBe('entitled')
  })

  test('each reason is logged as a warning once', async () => {
    bench.api.onRegister = [
      failure('unavailable', 'A'),
      failure('unavailable', 'A'),
      failure('unavailable', 'B'),
    ]
    await bench.start('hourly')
    await bench.timers.advance(60_000)
    expect(bench.warnings).toEqual(['entitlement.unreachable', 'entitlement.other-reason'])
  })

  test.each([
    [0, [30_000, 30_000, 30_000, 30_000]],
    [0.999_999_999, [60_000, 120_000, 240_000, 300_000]],
  ])('credentials are tried slowly: with %s after %j ms', async (share, expected) => {
    bench.api.onRegister = [failure('credentials', 'AccessDeniedException')]
    const entitlement = await bench.start('hourly', { random: () => share })
    expect(entitlement.snapshot()).toMatchObject({
      state: 'denied-by-iam',
      code: 'AccessDeniedException',
    })
    expect(entitlement.snapshot().message).toContain('Advice for AccessDeniedException.')
    const delays: number[] = []
    for (const delay of expected) {
      delays.push(Number(bench.timers.nextAt) - bench.timers.now())
      await bench.timers.advance(delay)
    }
    expect(delays).toEqual(expected)
  })

  test('a wrong clock is waited for', async () => {
    bench.api.onDryRun = [failure('out-of-window', 'TimestampOutOfBoundsException'), yes]
    const entitlement = await bench.start('metered')
    expect(entitlement.snapshot().state).toBe('unreachable')
    await bench.advance(entitlement, 30_000)
    expect(entitlement.snapshot().state).toBe('entitled')
  })

  test('a defect is reported and retried', async () => {
    bench.api.onRegister = [
      () => {
        throw new Error('bug')
      },
      registered(),
    ]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot()).toMatchObject({ state: 'unreachable', code: 'InternalError' })
    await bench.advance(entitlement, 30_000)
    expect(entitlement.snapshot().state).toBe('entitled')
  })

  test('a record that was accepted meanwhile ends the doubt', async () => {
    bench.api.onDryRun = [failure('unavailable', 'ECONNREFUSED')]
    const entitlement = await bench.start('metered')
    entitlement.confirm()
    await bench.advance(entitlement, 600_000)
    expect(entitlement.snapshot().state).toBe('entitled')
  })
})

describe('starting and stopping', () => {
  test.each(['hourly', 'metered', 'both'] as const)(
    'a region that disagrees denies the route %s at once, and AWS is never called',
    async (route) => {
      const regionDenial = { code: 'RegionMismatch', message: 'Two regions.' }
      const entitlement = await bench.start(route, { regionDenial })
      await bench.timers.advance(3_600_000)
      entitlement.confirm()
      expect(entitlement.snapshot()).toMatchObject({ state: 'denied', ...regionDenial })
      expect(bench.api.calls).toEqual([])
    },
  )

  test('nothing is asked after the stop', async () => {
    bench.api.onRegister = [failure('unavailable', 'ECONNREFUSED')]
    const entitlement = await bench.start('hourly')
    bench.stop.abort()
    await settle()
    await bench.timers.advance(3_600_000)
    expect(bench.api.calls).toHaveLength(1)
    expect(bench.timers.waiting).toBe(0)
    expect(entitlement.snapshot().state).toBe('unreachable')
  })

  test('a stop before the start asks nothing', async () => {
    bench.stop.abort()
    const entitlement = await bench.start('hourly')
    expect(bench.api.calls).toEqual([])
    expect(entitlement.snapshot().state).toBe('starting')
  })

  test('a call that the stop cut off changes nothing', async () => {
    bench.api.onRegister = [
      () => {
        bench.stop.abort()
        return failure('unavailable', 'ECONNRESET')
      },
    ]
    expect((await bench.start('hourly')).snapshot().state).toBe('starting')
  })

  test('a route without what it needs is an error of the caller', async () => {
    const product = { ...productWith('both'), publicKeys: new Map<number, string>() }
    await expect(bench.start('both', { product })).rejects.toThrow(TypeError)
    const noDimensions = { ...productWith('metered'), dimensions: [] }
    await expect(bench.start('metered', { product: noDimensions })).rejects.toThrow(TypeError)
  })

  test('the newest key counts, whatever the order in the file', () => {
    expect(
      keysNewestFirst(
        new Map([
          [9, 'nine'],
          [10, 'ten'],
          [2, 'two'],
        ]),
      ).map(({ version }) => version),
    ).toEqual([10, 9, 2])
    expect(keysNewestFirst(new Map())).toEqual([])
  })
})
