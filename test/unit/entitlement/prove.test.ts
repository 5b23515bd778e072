import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oldKey, productWith, ProofBench, registered } from './proof-bench.ts'
import { createRsaKey, failure } from './support.ts'

const yes = { ok: true, value: undefined } as const

let bench: ProofBench

beforeEach(() => {
  bench = new ProofBench()
})

afterEach(() => bench.stop.abort())

describe('the route hourly', () => {
  test('a registration whose token holds proves the entitlement', async () => {
    bench.api.onRegister = [registered()]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot()).toMatchObject({ state: 'entitled', entitled: true })
    expect(bench.api.calls).toEqual(['RegisterUsage'])
    expect(bench.api.registrations[0]).toMatchObject({ productCode: 'prod1', publicKeyVersion: 2 })
    expect(bench.api.registrations[0]?.nonce).toMatch(/^[\w-]{43}$/)
  })

  test('each attempt has its own nonce', async () => {
    bench.api.onRegister = [failure('throttled', 'ThrottlingException'), registered()]
    const entitlement = await bench.start('hourly')
    await bench.advance(entitlement, 1_000)
    expect(entitlement.snapshot().state).toBe('entitled')
    const nonces = bench.api.registrations.map((each) => each.nonce)
    expect(new Set(nonces).size).toBe(2)
  })

  test.each([
    ['TokenNonceMismatch', { nonce: 'replayed' }],
    ['TokenProductMismatch', { productCode: 'free-product' }],
    ['TokenKeyVersionMismatch', { publicKeyVersion: 1 }],
  ])('%s is final', async (code, claims) => {
    bench.api.onRegister = [registered(claims)]
    const entitlement = await bench.start('hourly')
    await bench.advance(entitlement, 3_600_000)
    expect(entitlement.snapshot()).toMatchObject({ state: 'denied', code })
    expect(bench.api.calls).toHaveLength(1)
  })

  test('a token signed with an older key of the product is refused', async () => {
    bench.api.onRegister = [registered({}, undefined, oldKey)]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot().code).toBe('TokenSignatureInvalid')
  })

  test('a key that AWS replaces is reported, and the sidecar continues', async () => {
    const at = Date.parse('2026-04-01T00:00:00Z')
    bench.api.onRegister = [registered({}, at)]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot().state).toBe('entitled')
    expect(bench.rotations).toEqual([at])
    expect(bench.warnings).toEqual(['entitlement.key-rotation'])
  })

  test('a short key is warned about', async () => {
    const shortKey = createRsaKey(1024)
    bench.api.onRegister = [registered({}, undefined, shortKey)]
    const product = { ...productWith('hourly'), publicKeys: new Map([[1, shortKey.pem]]) }
    const entitlement = await bench.start('hourly', { product })
    expect(entitlement.snapshot().state).toBe('entitled')
    expect(bench.warnings).toEqual(['entitlement.warning'])
  })
})

describe('the route metered', () => {
  test('a dry run for the first dimension now proves the entitlement', async () => {
    bench.api.onDryRun = [yes]
    const entitlement = await bench.start('metered')
    expect(entitlement.snapshot().state).toBe('entitled')
    expect(bench.api.dryRuns).toEqual([
      { productCode: 'prod1', dimension: 'requests', timestamp: bench.clock.now() },
    ])
  })

  test('a duplicate shows that a record of this task stands, so it is permitted', async () => {
    bench.api.onDryRun = [failure('duplicate', 'DuplicateRequestException')]
    expect((await bench.start('metered')).snapshot().state).toBe('entitled')
  })

  test('each dry run has the time of its attempt', async () => {
    bench.api.onDryRun = [failure('unavailable', 'ECONNREFUSED'), yes]
    await bench.start('metered')
    bench.clock.step(3_600_000)
    await bench.timers.advance(1_000)
    const [first, second] = bench.api.dryRuns.map((each) => each.timestamp)
    expect(Number(second) - Number(first)).toBe(3_600_000)
  })
})

describe('the route both', () => {
  test('registers first, then makes the dry run', async () => {
    bench.api.onRegister = [registered()]
    bench.api.onDryRun = [yes]
    expect((await bench.start('both')).snapshot().state).toBe('entitled')
    expect(bench.api.calls).toEqual(['RegisterUsage', 'DryRun'])
  })

  test('a registration alone is not enough', async () => {
    bench.api.onRegister = [registered()]
    bench.api.onDryRun = [failure('not-entitled', 'CustomerNotEntitledException')]
    const entitlement = await bench.start('both')
    expect(entitlement.snapshot()).toMatchObject({
      state: 'denied',
      code: 'CustomerNotEntitledException',
    })
  })

  test('what has passed is not asked again', async () => {
    bench.api.onRegister = [registered()]
    bench.api.onDryRun = [failure('unavailable', 'ECONNRESET'), yes]
    const entitlement = await bench.start('both')
    expect(entitlement.snapshot()).toMatchObject({ state: 'unreachable', code: 'ECONNRESET' })
    await bench.advance(entitlement, 1_000)
    expect(entitlement.snapshot().state).toBe('entitled')
    expect(bench.api.calls).toEqual(['RegisterUsage', 'DryRun', 'DryRun'])
  })
})
