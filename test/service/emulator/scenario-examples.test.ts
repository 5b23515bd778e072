import { readdirSync } from 'node:fs'
import {
  BatchMeterUsageCommand,
  RegisterUsageCommand,
  ResolveCustomerCommand,
} from '@aws-sdk/client-marketplace-metering'
import { afterEach, describe, expect, test } from 'vitest'
import { readScenario } from '../../../src/emulator/scenario/read-scenario.ts'
import { failureOf, startEmulator, type Caller, type Harness } from './harness.ts'

const folder = new URL('../../../examples/scenarios/', import.meta.url)
const played = new Set<string>()

let harness: Harness
afterEach(() => harness.close())

/** An emulator that plays an example. */
async function play(name: string): Promise<void> {
  played.add(name)
  harness = await startEmulator(await readScenario(new URL(name, folder).pathname))
}

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    async () => (await failureOf(call)).name,
  )
}

const register = (accessKeyId: string, caller: Caller = {}, PublicKeyVersion = 1) =>
  harness
    .client({ accessKeyId, ...caller })
    .send(new RegisterUsageCommand({ ProductCode: 'paid-product', PublicKeyVersion }))
const meter = (accessKeyId: string, caller: Caller = {}) =>
  harness.meter({ ProductCode: 'paid-product' }, { accessKeyId, ...caller })

describe('the example', () => {
  test('leaving-buyer.yaml accepts records until the buyer leaves, and refuses new tasks afterwards', async () => {
    await play('leaving-buyer.yaml')
    expect(await outcomeOf(register('AKIARUNNING'))).toBe('ok')
    expect(await outcomeOf(meter('AKIARUNNING'))).toBe('ok')
    await harness.control('clock', { now: '2026-03-15T12:00:00Z' })
    expect(await outcomeOf(meter('AKIARUNNING'))).toBe('CustomerNotEntitledException')
    expect(await outcomeOf(register('AKIARUNNING'))).toBe('ok')
    expect(await outcomeOf(register('AKIASTARTINGLATER'))).toBe('CustomerNotEntitledException')
  })

  test('not-entitled.yaml refuses each task for its own reason', async () => {
    await play('not-entitled.yaml')
    expect(await outcomeOf(register('AKIASUBSCRIBER'))).toBe('ok')
    expect(await outcomeOf(register('AKIASTRANGER'))).toBe('CustomerNotEntitledException')
    expect(await outcomeOf(register('AKIAOTHERPRODUCT'))).toBe('CustomerNotEntitledException')
    expect(await outcomeOf(register('AKIALAPTOP'))).toBe('PlatformNotSupportedException')
    expect(await outcomeOf(register('AKIANOBODY'))).toBe('UnrecognizedClientException')
  })

  test('two-regions.yaml holds each task to its region, its role and its key version', async () => {
    await play('two-regions.yaml')
    const america = { region: 'us-east-1' }
    expect(await outcomeOf(register('AKIAEUROPE'))).toBe('ok')
    expect(await outcomeOf(register('AKIAAMERICA'))).toBe('InvalidRegionException')
    expect(await outcomeOf(meter('AKIAAMERICA'))).toBe('InvalidEndpointRegionException')
    expect(await outcomeOf(meter('AKIAAMERICA', america))).toBe('ok')
    expect(await outcomeOf(register('AKIAHALFALLOWED', america))).toBe('ok')
    expect(await outcomeOf(meter('AKIAHALFALLOWED', america))).toBe('AccessDeniedException')
    expect(await outcomeOf(meter('AKIAWITHOUTROLE', america))).toBe('AccessDeniedException')
    const rotation = async (version: number) =>
      (await register('AKIAEUROPE', {}, version)).PublicKeyRotationTimestamp ?? undefined
    expect(await rotation(1)).toEqual(new Date('2026-01-01T00:00:00Z'))
    expect(await rotation(2)).toBeUndefined()
  })

  test('throttled.yaml fails in its order and then recovers; a reset begins again', async () => {
    await play('throttled.yaml')
    expect(await harness.control('clock')).toMatchObject({ rate: 60, hourMs: 60_000 })
    const outcomes = [await outcomeOf(register('AKIA')), await outcomeOf(register('AKIA'))]
    expect(outcomes).toEqual(['ThrottlingException', 'ThrottlingException'])
    await failureOf(meter('AKIA'))
    expect(await harness.control('records')).toMatchObject({ records: [{ quantity: 5 }] })
    expect(await outcomeOf(meter('AKIA'))).toBe('ThrottlingException')
    await harness.control('reset', {})
    for (let call = 0; call < 3; call += 1) {
      expect(await outcomeOf(register('AKIA'))).toBe('ThrottlingException')
    }
    expect(await outcomeOf(register('AKIA'))).toBe('ok')
  })

  test('saas.yaml knows customers of old and of new listings', async () => {
    await play('saas.yaml')
    const resolve = (RegistrationToken: string) =>
      harness.client().send(new ResolveCustomerCommand({ RegistrationToken }))
    const fresh = await resolve('token-of-the-new-one')
    expect(fresh.CustomerIdentifier ?? undefined).toBeUndefined()
    expect(await outcomeOf(resolve('token-that-lay-too-long'))).toBe('ExpiredTokenException')
    const { CustomerIdentifier } = await resolve('token-of-the-old-one')
    const usage = { Timestamp: new Date(harness.clock.now()), Dimension: 'users', Quantity: 1 }
    const customers = [
      { CustomerIdentifier },
      { CustomerAWSAccountId: fresh.CustomerAWSAccountId, LicenseArn: fresh.LicenseArn },
      { CustomerIdentifier: 'formerCustomer' },
    ]
    const { Results } = await harness.client().send(
      new BatchMeterUsageCommand({
        ProductCode: 'saas-product',
        UsageRecords: customers.map((customer) => ({ ...usage, ...customer })),
      }),
    )
    expect(Results?.map(({ Status }) => Status)).toEqual([
      'Success',
      'Success',
      'CustomerNotSubscribed',
    ])
  })

  test('every example has its test', async () => {
    harness = await startEmulator()
    expect([...played].toSorted()).toEqual(readdirSync(folder).toSorted())
  })
})
