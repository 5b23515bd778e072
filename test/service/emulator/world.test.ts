import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ResolveCustomerCommand } from '@aws-sdk/client-marketplace-metering'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoCustomer, demoProduct } from '../../../src/emulator/demo-product.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { closeChecked, startEmulator, type Harness } from './harness.ts'

const { licenseArn } = demoCustomer(demoProduct.productCode)

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => closeChecked(harness))

/** A webhook that answers with these statuses, the last one from then on. */
async function startWebhook(...statuses: number[]) {
  const bodies: Record<string, unknown>[] = []
  const tokens: unknown[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      bodies.push(JSON.parse(text) as Record<string, unknown>)
      tokens.push(request.headers.authorization)
      response.writeHead(statuses[bodies.length - 1] ?? statuses.at(-1) ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    bodies,
    tokens,
    url: `http://127.0.0.1:${port}/events`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const leavesAt = async () => {
  const { customers } = (await harness.control('customers')) as {
    customers: { leavesAt?: number; subscribed: boolean }[]
  }
  return customers[0]?.leavesAt
}

describe('an event of a licence', () => {
  test('is posted as EventBridge has it, and leaves an hour to send the rest', async () => {
    await using webhook = await startWebhook(200)
    await harness.control('settings', { eventsUrl: webhook.url, eventsToken: 'a-token' })
    const { statuses } = await harness.control('events', {
      type: 'License Deprovisioned',
      licenseArn,
    })
    expect(statuses).toEqual([200])
    expect(webhook.tokens).toEqual(['Bearer a-token'])
    expect(webhook.bodies).toMatchObject([
      { source: 'aws.agreement-marketplace', detail: { license: { arn: licenseArn } } },
    ])
    expect(await leavesAt()).toBe(harness.clock.now() + hourMs)
    await harness.control('events', { type: 'License Updated', licenseArn })
    expect(await leavesAt()).toBeUndefined()
  })

  test('is posted as SNS has it, as often as the test asks, with one id', async () => {
    await using webhook = await startWebhook(200)
    await harness.control('settings', { eventsUrl: webhook.url })
    await harness.control('events', { type: 'unsubscribe-pending', licenseArn, times: 2 })
    const [first, second] = webhook.bodies
    expect(first).toMatchObject({ Type: 'Notification' })
    expect(JSON.parse(String(first?.['Message']))).toMatchObject({ action: 'unsubscribe-pending' })
    expect(second).toEqual(first)
  })

  test('goes nowhere without a URL, and is refused for a licence that nobody has', async () => {
    const sent = await harness.control('events', { type: 'unsubscribe-success', licenseArn })
    expect(sent['statuses']).toEqual([])
    const unknown = { type: 'License Updated', licenseArn: 'arn:aws:nobody' }
    expect(await harness.control('events', unknown)).toEqual({
      error: 'no customer has this licence',
    })
  })
})

describe('a product that a test adds', () => {
  test('has a key and two customers, whose tokens name them', async () => {
    const added = (await harness.control('products', {
      productCode: 'another',
      dimensions: ['jobs'],
      route: 'metered',
    })) as { publicKeyPem: string; customers: { registrationTokens: string[] }[] }
    expect(added.publicKeyPem).toMatch(/^-----BEGIN PUBLIC KEY-----/)
    expect(harness.emulator.publicKeyPem('another')).toBe(added.publicKeyPem)
    const tokens = added.customers.flatMap(({ registrationTokens }) => registrationTokens)
    expect(tokens).toHaveLength(2)
    for (const RegistrationToken of tokens)
      expect(
        await harness.client().send(new ResolveCustomerCommand({ RegistrationToken })),
      ).toMatchObject({ ProductCode: 'another' })
  })
})
