import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import { toIso } from '../../../src/kernel/clock.ts'
import { eventually } from '../../support/eventually.ts'
import { oldKey, productWith, ProofBench, registered } from './proof-bench.ts'
import { failure } from './support.ts'

const hour = 3_600_000
const unknownVersion = failure('misconfigured', 'InvalidPublicKeyVersionException')
const at = Date.parse('2026-03-10T12:00:00Z')

let bench: ProofBench

beforeEach(() => {
  bench = new ProofBench()
})

afterEach(() => bench.stop.abort())

const versions = () => bench.api.registrations.map(({ publicKeyVersion }) => publicKeyVersion)
const oldSigns = (rotationAt?: number) => registered({}, rotationAt, oldKey)

describe('the key version that is sent', () => {
  test('is the newest, and the next older one when AWS does not know it yet', async () => {
    bench.api.onRegister = [unknownVersion, oldSigns()]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot().state).toBe('entitled')
    expect(versions()).toEqual([2, 1])
    expect(entitlement.publicKeyVersion()).toBe(1)
    expect(bench.warnings).toEqual(['entitlement.warning'])
    expect(new Set(bench.api.registrations.map(({ nonce }) => nonce)).size).toBe(2)
  })

  test('is a clear denial when AWS knows none of them', async () => {
    bench.api.onRegister = [unknownVersion]
    const entitlement = await bench.start('hourly')
    expect(versions()).toEqual([2, 1])
    expect(entitlement.snapshot()).toMatchObject({
      state: 'denied',
      code: 'InvalidPublicKeyVersionException',
      message: expect.stringContaining('The versions 2, 1 were sent, and AWS knows none of them.'),
    })
  })

  test('is named when there is only one and AWS does not know it', async () => {
    bench.api.onRegister = [unknownVersion]
    const product = { ...productWith('hourly'), publicKeys: new Map([[7, oldKey.pem]]) }
    const entitlement = await bench.start('hourly', { product })
    expect(entitlement.snapshot().message).toContain('Version 7 was sent.')
  })

  test('is not lowered for any other reason', async () => {
    bench.api.onRegister = [failure('not-entitled', 'CustomerNotEntitledException')]
    await bench.start('hourly')
    expect(versions()).toEqual([2])
  })

  test('is the newest again after an outage in between', async () => {
    bench.api.onRegister = [
      unknownVersion,
      failure('throttled', 'ThrottlingException'),
      registered(),
    ]
    const entitlement = await bench.start('hourly')
    await bench.advance(entitlement, 1000)
    expect(versions()).toEqual([2, 1, 2])
    expect(entitlement.publicKeyVersion()).toBe(2)
  })
})

describe('a rotation', () => {
  test('is reported, and the sidecar continues', async () => {
    bench.api.onRegister = [registered({}, at)]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot()).toMatchObject({ state: 'entitled', publicKeyRotationAt: at })
    expect(bench.rotations).toEqual([at])
    expect(bench.warnings).toEqual(['entitlement.key-rotation'])
    await bench.clock.advance(48 * hour)
    expect(bench.api.calls).toHaveLength(1)
  })

  test('changes to the next key of the product file when its time has come', async () => {
    bench.api.onRegister = [unknownVersion, oldSigns(at), registered()]
    const entitlement = await bench.start('hourly')
    expect(entitlement.snapshot().publicKeyRotationAt).toBe(at)
    await bench.clock.advance(at - bench.clock.now() - 1)
    expect(versions()).toEqual([2, 1])
    await bench.clock.advance(1)
    await eventually(() => entitlement.publicKeyVersion() === 2)
    expect(versions()).toEqual([2, 1, 2])
    expect(entitlement.snapshot()).toMatchObject({
      state: 'entitled',
      publicKeyRotationAt: undefined,
    })
    expect(bench.rotations).toEqual([at, 0])
  })

  test('is tried again each hour while AWS does not know the next key, and changes no state', async () => {
    const down: Awaited<ReturnType<MeteringApi['registerUsage']>> = failure('unavailable', 'EPIPE')
    bench.api.onRegister = [
      unknownVersion,
      oldSigns(at),
      down,
      unknownVersion,
      oldSigns(at),
      registered(),
    ]
    const entitlement = await bench.start('hourly')
    await bench.clock.advance(at - bench.clock.now())
    await eventually(() => versions().length === 3)
    await bench.clock.advance(hour)
    await eventually(() => versions().length === 5)
    expect(entitlement.snapshot().state).toBe('entitled')
    await eventually(() => bench.clock.waiting === 1)
    expect(toIso(Number(bench.clock.nextAt))).toBe('2026-03-10T14:00:00.000Z')
    await bench.clock.advance(hour)
    await eventually(() => entitlement.publicKeyVersion() === 2)
    expect(versions()).toEqual([2, 1, 2, 2, 1, 2])
  })

  test('to a key that did not sign the token is logged and changes no state', async () => {
    bench.api.onRegister = [unknownVersion, oldSigns(at), registered({}, undefined, oldKey)]
    const entitlement = await bench.start('hourly')
    await bench.clock.advance(at - bench.clock.now())
    await eventually(() => versions().length === 3)
    await eventually(() => bench.clock.waiting === 1)
    expect(entitlement.snapshot()).toMatchObject({ state: 'entitled', code: 'Entitled' })
    expect(entitlement.publicKeyVersion()).toBe(1)
  })

  test('is not waited for after the stop', async () => {
    bench.api.onRegister = [unknownVersion, oldSigns(at)]
    await bench.start('hourly')
    expect(bench.clock.waiting).toBe(1)
    bench.stop.abort()
    expect(bench.clock.waiting).toBe(0)
  })
})
