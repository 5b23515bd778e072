import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, missingTools } from '../../scripts/tools/client-tools.ts'
import { startEmulator } from '../service/emulator/harness.ts'
import { acme, globex, nine, optionsOf } from '../service/saas/saas-world.ts'
import { startHarness, type SidecarHarness } from '../support/sidecar/sidecar-harness.ts'
import { batch, resolve } from './client-case.ts'
import { awsCliDriver, startDriver, type Driver } from './driver.ts'
import type { ClientKey } from './expect-results.ts'
import { startLossyProxy, type LossyProxy } from './lossy-proxy.ts'

const keys = Object.keys(clients) as ClientKey[]
const availability = await Promise.all(
  keys.map(async (key) => ({ key, ...clients[key], missing: await missingTools(clients[key]) })),
)
const present = availability.filter(({ missing }) => missing.length === 0)

/** Every model has the identifier; the sidecar bills by the licence that ResolveCustomer named. */
const identifierOf = ({ customerIdentifier }: typeof acme) => ({
  CustomerIdentifier: customerIdentifier,
})

interface BatchOutput {
  readonly Results?: readonly { readonly Status?: string; readonly MeteringRecordId?: string }[]
}

describe.each(present)('$name $version of a SaaS product', ({ key }) => {
  let sidecar: SidecarHarness
  let proxy: LossyProxy
  let driver: Driver
  beforeAll(async () => {
    const tool = await clients[key].install()
    const aws = await startEmulator({ region: 'eu-west-1', customers: [acme, globex] })
    sidecar = await startHarness({ ...optionsOf(), aws })
    await sidecar.entitled()
    proxy = await startLossyProxy(`http://127.0.0.1:${sidecar.sidecar.appPort}`)
    driver = (key === 'awsCli' ? awsCliDriver : startDriver)(tool, proxy.url)
  }, 600_000)
  afterAll(async () => {
    driver.close()
    proxy.close()
    await sidecar.close()
  })

  const meter = async (...records: object[]) => {
    const { output, error } = await driver.perform(batch(records))
    expect(error).toBeUndefined()
    return (output as BatchOutput).Results ?? []
  }
  const atAws = async () =>
    (await sidecar.records()).map(({ resource, hour, quantity }) => [resource, hour, quantity])

  test('registers its customers with ResolveCustomer', async () => {
    for (const { registrationTokens } of [acme, globex]) {
      const { error } = await driver.perform(resolve(registrationTokens[0] ?? ''))
      expect(error).toBeUndefined()
    }
    const { customers } = (await sidecar.get('/v1/customers')).body
    expect(customers).toMatchObject([
      { licenseArn: acme.licenseArn, active: true },
      { licenseArn: globex.licenseArn, active: true },
    ])
  })

  test('meters with BatchMeterUsage, and a call whose answer is lost is counted once', async () => {
    const both = [identifierOf(acme), identifierOf(globex)]
    const first = await meter(...both)
    expect(first.map(({ Status }) => Status)).toEqual(['Success', 'Success'])
    // This one does not repeat a call after a reset, but after a connection that ended.
    proxy.loseNextAnswer(key === 'go1' ? 'end' : 'reset')
    expect(await meter(...both)).toMatchObject(
      first.map(({ MeteringRecordId }) => ({ MeteringRecordId, Status: 'Success' })),
    )
    const [other] = await meter({ ...identifierOf(acme), Quantity: 6 })
    expect(other?.Status).toBe('DuplicateRecord')
    expect(await atAws()).toEqual([])
  })

  test('has the last usage of a licence sent when it ends, and the rest after its hour', async () => {
    const event = {
      id: 'event-1',
      source: 'aws.agreement-marketplace',
      'detail-type': 'License Deprovisioned - Manufacturer',
      detail: { license: { arn: acme.licenseArn } },
    }
    const told = await fetch(`http://127.0.0.1:${sidecar.sidecar.appPort}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    })
    expect(await told.json()).toEqual({ result: 'accepted' })
    await sidecar.until(async () => (await atAws()).length === 1)
    expect(await atAws()).toEqual([[acme.licenseArn, nine, 5]])
    for (let minute = 0; minute < 180 && (await atAws()).length < 2; minute += 1)
      await sidecar.clock.advance(60_000)
    await sidecar.until(async () => (await atAws()).length === 2)
    expect((await atAws())[1]).toEqual([globex.licenseArn, nine, 5])
  })
})
