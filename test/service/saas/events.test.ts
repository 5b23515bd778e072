import { afterEach, expect, test } from 'vitest'
import { acme, closeSaas, register, send, startSaas } from './saas-world.ts'

afterEach(closeSaas)

const eventBridge = (type: string, time: string) => ({
  id: `${type} at ${time}`,
  source: 'aws.agreement-marketplace',
  'detail-type': `${type} - Manufacturer`,
  time,
  detail: { license: { arn: acme.licenseArn } },
})

const sns = (action: string, time: string) => ({
  Type: 'Notification',
  MessageId: `${action} at ${time}`,
  Timestamp: time,
  Message: JSON.stringify({ action, 'customer-identifier': acme.customerIdentifier }),
})

const post = async (event: object) => (await send('POST', '/v1/events', event)).body['result']

test('the event of AWS that happened last counts, in whatever order they come', async () => {
  await startSaas()
  await register('acme', 'token-of-acme')
  const state = async () => {
    const { active, endedAt } = (await send('GET', '/v1/customers/acme')).body
    return [active, endedAt]
  }
  const ended = [false, '2026-03-10T10:00:05.000Z']
  expect(await post(eventBridge('License Deprovisioned', '2026-03-10T10:00:05Z'))).toBe('accepted')
  expect(await state()).toEqual(ended)
  expect(await post(eventBridge('License Updated', '2026-03-10T10:00:04Z'))).toBe('ignored')
  expect(await post(eventBridge('License Updated', '2026-03-10T10:00:05Z'))).toBe('ignored')
  expect(await post(sns('subscribe-success', '2026-03-10T10:00:04.999Z'))).toBe('ignored')
  expect(await state()).toEqual(ended)
  expect(await post(sns('subscribe-success', '2026-03-10T10:00:06.000Z'))).toBe('accepted')
  expect(await post(sns('unsubscribe-pending', '2026-03-10T10:00:05.500Z'))).toBe('ignored')
  expect(await state()).toEqual([true, null])
})

test('an end that AWS told before the customer was registered by name counts then', async () => {
  await startSaas()
  expect(await post(eventBridge('License Deprovisioned', '2026-03-10T09:00:05Z'))).toBe('ignored')
  const names = { accountId: acme.customerAwsAccountId, licenseArn: acme.licenseArn }
  expect((await send('PUT', '/v1/customers/acme', names)).body).toMatchObject({
    active: false,
    endedAt: '2026-03-10T09:00:05.000Z',
  })
  expect((await register('acme', 'token-of-acme')).body).toMatchObject({ active: true })
})

test('an event whose time cannot be read happened when it arrived', async () => {
  const { clock } = await startSaas()
  await register('acme', 'token-of-acme')
  await clock.advance(60_000)
  expect(await post(eventBridge('License Deprovisioned', 'yesterday'))).toBe('accepted')
  const { endedAt } = (await send('GET', '/v1/customers/acme')).body
  expect(Date.parse(String(endedAt))).toBe(clock.now())
})

test('a notification of SNS without its envelope is refused: nothing tells a repeat from a new event', async () => {
  await startSaas()
  await register('acme', 'token-of-acme')
  const raw = (action: string) =>
    send('POST', '/v1/events', { action, 'customer-identifier': acme.customerIdentifier })
  const answers = [
    await raw('unsubscribe-pending'),
    await raw('subscribe-success'),
    await raw('unsubscribe-pending'),
  ]
  for (const { status, body } of answers)
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'InvalidEvent' })
  expect(answers[0]?.body['detail']).toContain('turn raw message delivery off')
})
