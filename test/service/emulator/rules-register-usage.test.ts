import { RegisterUsageCommand } from '@aws-sdk/client-marketplace-metering'
import { decodeJwt, decodeProtectedHeader, importSPKI, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import type { EmulatorOptions } from '../../../src/emulator/emulator-server.ts'
import { unknownTask } from '../../../src/emulator/marketplace.ts'
import { closeChecked, failureOf, startEmulator, type Caller, type Harness } from './harness.ts'

const demoCode = demoProduct.productCode
const hour = 3_600_000
const task1 = unknownTask('AKIATASK1')
const task2 = unknownTask('AKIATASK2')

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

function register(
  input: Partial<{ ProductCode: string; PublicKeyVersion: number; Nonce: string }> = {},
  caller: Caller = {},
) {
  const command = new RegisterUsageCommand({
    ProductCode: demoCode,
    PublicKeyVersion: 1,
    Nonce: 'nonce',
    ...input,
  })
  return harness.client(caller).send(command)
}

async function nameOf(call: Promise<unknown>): Promise<string> {
  return (await failureOf(call)).name
}

async function publicKey(query = ''): Promise<string> {
  return (await fetch(`${harness.url}/_emulator/public-key${query}`)).text()
}

describe('the token', () => {
  test('RegisterUsage returns a PS256 token that verifies with the public key of the product', async () => {
    const pem = await publicKey()
    expect(pem).toBe(harness.emulator.publicKeyPem())
    const { Signature = '' } = await register()
    const { protectedHeader } = await jwtVerify(Signature, await importSPKI(pem, 'PS256'))
    expect(protectedHeader.alg).toBe('PS256')
  })

  test('the token contains product code, key version, nonce and time of issue, and nothing else', async () => {
    const { Signature = '' } = await register({ Nonce: 'fresh' })
    const issuedAt = Date.parse('2026-03-10T09:15:00Z') / 1000
    expect(new Set(Object.values(decodeJwt(Signature)))).toEqual(
      new Set([demoCode, 1, 'fresh', issuedAt]),
    )
  })

  test('the claims are named productCode, publicKeyVersion and nonce', async () => {
    const { Signature = '' } = await register()
    expect(Object.keys(decodeJwt(Signature))).toEqual([
      'productCode',
      'publicKeyVersion',
      'nonce',
      'iat',
    ])
  })

  test('the header of the token has an algorithm and a type, and no key id', async () => {
    const { Signature = '' } = await register()
    expect(decodeProtectedHeader(Signature)).toEqual({ alg: 'PS256', typ: 'JWT' })
  })

  test('a task may register again, even with another nonce', async () => {
    const tokens = [await register({ Nonce: 'one' }), await register({ Nonce: 'two' })]
    expect(new Set(tokens.map(({ Signature }) => Signature)).size).toBe(2)
  })

  test('a task may register without a nonce', async () => {
    const command = new RegisterUsageCommand({ ProductCode: demoCode, PublicKeyVersion: 1 })
    const { Signature = '' } = await harness.client().send(command)
    expect(decodeJwt(Signature)).not.toHaveProperty('nonce')
  })
})

describe('the subscription', () => {
  test('RegisterUsage refuses a buyer without a subscription on the first call of a task', async () => {
    await restart({
      buyers: [{ id: 'stranger', entitled: false }],
      tasks: [{ ...task1, buyer: 'stranger' }],
    })
    expect(await failureOf(register())).toEqual({
      name: 'CustomerNotEntitledException',
      status: 400,
    })
  })

  test('RegisterUsage refuses a task that it has refused until the buyer subscribes', async () => {
    await harness.control('settings', { entitled: false })
    expect(await nameOf(register())).toBe('CustomerNotEntitledException')
    expect(await nameOf(register())).toBe('CustomerNotEntitledException')
    await harness.control('settings', { entitled: true })
    expect((await register()).Signature).toBeTypeOf('string')
  })

  test('RegisterUsage never refuses a registered task for its subscription or platform', async () => {
    await register()
    await harness.control('settings', { entitled: false, platformSupported: false })
    expect((await register()).Signature).toBeTypeOf('string')
  })

  test('RegisterUsage refuses new tasks of a buyer who has left', async () => {
    await restart({
      buyers: [{ id: 'leaver', entitled: true, leavesAt: Date.parse('2026-03-10T10:00:00Z') }],
      tasks: [
        { ...task1, buyer: 'leaver' },
        { ...task2, buyer: 'leaver' },
      ],
    })
    await register()
    await harness.clock.advance(hour)
    expect((await register()).Signature).toBeTypeOf('string')
    const late = register({}, { accessKeyId: 'AKIATASK2' })
    expect(await nameOf(late)).toBe('CustomerNotEntitledException')
  })

  test('RegisterUsage refuses a product that the buyer has not bought', async () => {
    await restart({
      products: [demoProduct, { ...demoProduct, productCode: 'other' }],
      buyers: [{ id: 'buyer', entitled: true, products: ['other'] }],
      tasks: [{ ...task1, buyer: 'buyer' }],
    })
    expect(await nameOf(register())).toBe('CustomerNotEntitledException')
    expect((await register({ ProductCode: 'other' })).Signature).toBeTypeOf('string')
  })
})

describe('the public key', () => {
  test('RegisterUsage refuses a key version that the product does not have', async () => {
    expect(await failureOf(register({ PublicKeyVersion: 2 }))).toEqual({
      name: 'InvalidPublicKeyVersionException',
      status: 400,
    })
  })

  test('each product and key version has its own key', async () => {
    await restart({ products: [{ ...demoProduct, publicKeyVersion: 2, olderKeyVersions: [1] }] })
    const old = await publicKey(`?productCode=${demoCode}&version=1`)
    const { Signature = '' } = await register({ PublicKeyVersion: 1 })
    expect(old).not.toBe(await publicKey())
    const { payload } = await jwtVerify(Signature, await importSPKI(old, 'PS256'))
    expect(payload['publicKeyVersion']).toBe(1)
    expect((await fetch(`${harness.url}/_emulator/public-key?version=3`)).status).toBe(404)
  })

  test('RegisterUsage returns the rotation time only for a key version that has expired', async () => {
    const publicKeyRotationAt = Date.parse('2026-03-10T10:00:00Z')
    await restart({
      products: [
        { ...demoProduct, publicKeyVersion: 2, olderKeyVersions: [1], publicKeyRotationAt },
      ],
    })
    const rotation = async (PublicKeyVersion: number) =>
      (await register({ PublicKeyVersion })).PublicKeyRotationTimestamp ?? undefined
    expect(await rotation(1)).toBeUndefined()
    await harness.clock.advance(hour)
    expect(await rotation(1)).toEqual(new Date(publicKeyRotationAt))
    expect(await rotation(2)).toBeUndefined()
  })
})

describe('where it is called from', () => {
  test('RegisterUsage refuses a platform other than ECS, EKS and Fargate', async () => {
    await restart({ tasks: [{ ...task1, platform: 'unsupported' }] })
    expect(await nameOf(register())).toBe('PlatformNotSupportedException')
  })

  test('RegisterUsage refuses a region other than that of the task', async () => {
    await restart({ tasks: [{ ...task1, region: 'us-east-1' }] })
    expect(await nameOf(register())).toBe('InvalidRegionException')
    expect((await register({}, { region: 'us-east-1' })).Signature).toBeTypeOf('string')
  })

  test('RegisterUsage is disabled where the product is not offered', async () => {
    await restart({ products: [{ ...demoProduct, regions: ['us-east-1'] }] })
    expect(await nameOf(register())).toBe('DisabledApiException')
  })

  test('RegisterUsage refuses a product that does not exist', async () => {
    expect(await nameOf(register({ ProductCode: 'other' }))).toBe('InvalidProductCodeException')
  })

  test('RegisterUsage succeeds for a product that is only metered', async () => {
    await restart({ products: [{ ...demoProduct, route: 'metered' }] })
    expect((await register()).Signature).toBeTypeOf('string')
  })

  test('the role of the machine is refused in place of that of the task', async () => {
    await restart({ tasks: [{ ...task1, credentials: 'node' }] })
    expect(await nameOf(register())).toBe('AccessDeniedException')
    await expect(harness.meter()).rejects.toThrow(
      'This operation can only be called from within an ECS task or an EKS pod',
    )
  })

  test('a role that allows one operation is refused for the other', async () => {
    await restart({
      tasks: [
        { ...task1, allowedActions: ['RegisterUsage'] },
        { ...task2, allowedActions: ['MeterUsage'] },
      ],
    })
    const second = { accessKeyId: 'AKIATASK2' }
    expect((await register()).Signature).toBeTypeOf('string')
    expect(await nameOf(harness.meter())).toBe('AccessDeniedException')
    expect(await nameOf(register({}, second))).toBe('AccessDeniedException')
    expect(await harness.meter({}, second)).toBeTypeOf('string')
  })

  test('credentials that no task has are refused where tasks are listed', async () => {
    await restart({ tasks: [task2] })
    expect(await nameOf(register())).toBe('UnrecognizedClientException')
    expect(await nameOf(harness.meter())).toBe('UnrecognizedClientException')
  })
})
