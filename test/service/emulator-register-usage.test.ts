import { RegisterUsageCommand } from '@aws-sdk/client-marketplace-metering'
import { decodeProtectedHeader, importSPKI, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { failureOf, startEmulator, type Harness } from './emulator-harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => harness.close())

describe('RegisterUsage', () => {
  test('answers a token that holds under the public key of the control API', async () => {
    const token = await harness.register({}, 'fresh')
    const pem = await (await fetch(`${harness.url}/_emulator/public-key`)).text()
    expect(pem).toBe(harness.emulator.publicKeyPem())
    const { payload } = await jwtVerify(token ?? '', await importSPKI(pem, 'PS256'))
    expect(payload).toEqual({
      productCode: demoProduct.productCode,
      publicKeyVersion: 1,
      nonce: 'fresh',
      iat: Date.parse('2026-03-10T09:15:00Z') / 1000,
    })
    expect(decodeProtectedHeader(token ?? '')).toEqual({ alg: 'PS256', typ: 'JWT' })
  })

  test('can be called again with another nonce', async () => {
    const tokens = [await harness.register({}, 'one'), await harness.register({}, 'two')]
    expect(new Set(tokens).size).toBe(2)
  })

  test('refuses a buyer who has not subscribed, on the first call', async () => {
    await harness.control('settings', { entitled: false })
    expect(await failureOf(harness.register())).toEqual({
      name: 'CustomerNotEntitledException',
      status: 400,
    })
    expect((await failureOf(harness.register())).name).toBe('CustomerNotEntitledException')
  })

  test('never fails for entitlement or platform after a first success', async () => {
    await harness.register()
    await harness.control('settings', { entitled: false, platformSupported: false })
    expect(await harness.register()).toBeTypeOf('string')
    const other = harness.register({ accessKeyId: 'AKIATASK2' })
    expect((await failureOf(other)).name).toBe('PlatformNotSupportedException')
  })

  test('refuses a platform other than ECS and EKS', async () => {
    await harness.control('settings', { platformSupported: false })
    expect((await failureOf(harness.register())).name).toBe('PlatformNotSupportedException')
  })

  test('refuses a region other than that of the task', async () => {
    await harness.control('settings', { region: 'us-east-1' })
    expect((await failureOf(harness.register())).name).toBe('InvalidRegionException')
    expect(await harness.register({ region: 'us-east-1' })).toBeTypeOf('string')
  })

  test.each([
    [{ ProductCode: 'other', PublicKeyVersion: 1 }, 'InvalidProductCodeException'],
    [
      { ProductCode: demoProduct.productCode, PublicKeyVersion: 2 },
      'InvalidPublicKeyVersionException',
    ],
    [{ ProductCode: demoProduct.productCode, PublicKeyVersion: 0 }, 'ValidationException'],
  ])('refuses %j with %s', async (input, name) => {
    const call = harness.client().send(new RegisterUsageCommand(input))
    expect(await failureOf(call)).toEqual({ name, status: 400 })
  })

  test('tells the rotation of the key only when there is one', async () => {
    const input = { ProductCode: demoProduct.productCode, PublicKeyVersion: 1 }
    const send = () => harness.client().send(new RegisterUsageCommand(input))
    expect((await send()).PublicKeyRotationTimestamp ?? undefined).toBeUndefined()
    await harness.control('settings', { publicKeyRotationAt: '2026-04-01T00:00:00Z' })
    expect((await send()).PublicKeyRotationTimestamp).toEqual(new Date('2026-04-01T00:00:00Z'))
  })
})
