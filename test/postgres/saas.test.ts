import { expect, inject, onTestFinished, test } from 'vitest'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { startHarness, type SidecarHarness } from '../support/sidecar/sidecar-harness.ts'
import {
  acme,
  closeSaas,
  globex,
  nine,
  optionsOf,
  product,
  recordsNow,
  register,
  startSaas,
} from '../service/saas/saas-world.ts'
import { newDatabase } from './support/new-database.ts'

const server = inject('postgres')

/** Two replicas of one SaaS product on one database and one AWS. The customer acme is registered with the first. */
async function twoReplicas() {
  const url = await newDatabase(server)
  const settings = { ...optionsOf().settings, SIDECAR_DATABASE_URL: url }
  const first = await startSaas({ settings, hostname: 'first' })
  const { aws, clock } = first
  const second = await startHarness({ ...optionsOf(), settings, aws, clock, hostname: 'second' })
  onTestFinished(async () => {
    await second.close()
    await closeSaas()
  })
  for (const each of [first, second]) await each.entitled()
  expect((await register('acme', 'token-of-acme')).status).toBe(200)
  return { url, settings, first, second }
}

async function putCustomer({ sidecar }: SidecarHarness, key: string, names: object) {
  const response = await fetch(`http://127.0.0.1:${sidecar.appPort}/v1/customers/${key}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(names),
  })
  return response.status
}

const namesOf = ({ customerAwsAccountId, licenseArn }: typeof globex) => ({
  accountId: customerAwsAccountId,
  licenseArn,
})

test('replicas bill one record for each customer, dimension and hour, whichever one received the usage', async () => {
  const { first, second } = await twoReplicas()
  for (const replica of [first, second]) {
    const { status } = await replica.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
    expect(status).toBe(200)
    await replica.post({ dimension: 'storage', quantity: 3, customer: 'globex' })
  }
  // Usage of both waits for this registration.
  expect(await putCustomer(second, 'globex', namesOf(globex))).toBe(200)
  const { clock } = first
  await clock.advance(hourOf(clock.now()) + hourMs - clock.now())
  await clock.advance(hourMs)
  await first.until(async () => (await first.records()).length === 2)
  expect(await recordsNow()).toEqual([
    [acme.licenseArn, 'requests', nine, 4],
    [globex.licenseArn, 'storage', nine, 6],
  ])
})

test('one customer of AWS is registered under one key, even by two replicas at once', async () => {
  const { first, second } = await twoReplicas()
  const statuses = await Promise.all([
    putCustomer(first, 'one', namesOf(globex)),
    putCustomer(second, 'two', namesOf(globex)),
  ])
  expect(statuses.toSorted()).toEqual([200, 409])
})

test('a database stays that of its region when its customers are deleted', async () => {
  const { settings, first } = await twoReplicas()
  const path = `http://127.0.0.1:${first.sidecar.appPort}/v1/customers/acme`
  expect((await fetch(path, { method: 'DELETE' })).status).toBe(200)
  const elsewhere = JSON.stringify({ ...product, region: 'us-east-1' })
  const files = { '/product.json': elsewhere }
  const other = { aws: first.aws, settings, hostname: 'other', files }
  await expect(startHarness({ ...optionsOf(), ...other })).rejects.toMatchObject({
    code: 'InvalidSettings',
  })
})

test('a database has the customers of one region, and no usage of buyers', async () => {
  const { settings, first } = await twoReplicas()
  const { aws } = first
  const elsewhere = JSON.stringify({ ...product, region: 'us-east-1' })
  const other = { aws, settings, hostname: 'other', files: { '/product.json': elsewhere } }
  await expect(startHarness({ ...optionsOf(), ...other })).rejects.toMatchObject({
    code: 'InvalidSettings',
  })
  await first.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
  const { SIDECAR_DATABASE_URL } = settings
  await expect(
    startHarness({ settings: { SIDECAR_DATABASE_URL }, hostname: 'buyer' }),
  ).rejects.toMatchObject({ code: 'InvalidSettings' })
})
