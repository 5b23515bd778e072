import { describe, expect, test } from 'vitest'
import type { CustomerForm, CustomerNames } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { refusal } from '../../support/refusal.ts'

const acme: CustomerNames = {
  accountId: '111122223333',
  licenseArn: 'arn:aws:l-acme',
  identifier: 'acme1',
}

async function saasBench(form: CustomerForm, more: Partial<Parameters<typeof openBench>[0]> = {}) {
  const bench = await openBench({
    resource: 'saas:product',
    customers: { form, region: 'us-east-1', lateUsage: 'carry' },
    ...more,
  })
  const { customers } = bench.ledger
  if (customers === undefined) throw new Error('the book has no customers')
  const register = (customer: string, names: CustomerNames) =>
    customers.register({ customer, names, reactivates: false })
  return { ...bench, customers, register }
}

const saying = (words: string) => ({ message: expect.stringContaining(words) })

describe('a registration', () => {
  test.each([
    ['license-arn', 'the account and the licence (accountId and licenseArn)'],
    ['account', 'the account (accountId)'],
    ['identifier', 'the customer identifier (identifier)'],
  ] as const)('by %s says what it needs', async (form, needed) => {
    const { register } = await saasBench(form)
    const refused = register('acme', {})
    await expect(refused).rejects.toMatchObject(refusal('CustomerNamesIncomplete'))
    await expect(refused).rejects.toMatchObject(
      saying(`billed by ${form}, so a registration needs ${needed}.`),
    )
  })

  test('under a key that is kept for names of AWS is refused, unless they are its own', async () => {
    const { register } = await saasBench('license-arn')
    const refused = register('aws:account:999999999999', acme)
    await expect(refused).rejects.toMatchObject(refusal('InvalidCustomer'))
    for (const key of [`aws:account:${acme.accountId}`, `aws:identifier:${acme.identifier}`]) {
      const { register: registerAgain } = await saasBench('license-arn')
      expect(await registerAgain(key, acme)).toMatchObject({ customer: key })
    }
  })

  test('of an identity that the key had before another one is refused', async () => {
    const { register } = await saasBench('license-arn')
    await register('acme', acme)
    await register('acme', { ...acme, licenseArn: 'arn:aws:l-2' })
    const again = register('acme', acme)
    await expect(again).rejects.toMatchObject(refusal('CustomerIdentityTaken'))
    await expect(again).rejects.toMatchObject(saying('The key had this identity before it was'))
  })

  test('completes the names that were given before, and keeps those that are not given now', async () => {
    const { register, clock, customers } = await saasBench('identifier')
    const first = await register('acme', { identifier: 'acme1', accountId: '111122223333' })
    await clock.advance(1000)
    const names = { identifier: 'acme1', accountId: undefined, licenseArn: 'arn:aws:l-acme' }
    expect(await register('acme', names)).toEqual({ ...first, names: acme })
    expect((await customers.usage('acme')).registration).toEqual({ ...first, names: acme })
  })

  test('that is completed with the name of another customer is refused', async () => {
    const { register } = await saasBench('identifier')
    await register('acme', { identifier: 'acme1' })
    await register('beta', { identifier: 'beta1', licenseArn: 'arn:aws:l-beta' })
    const taken = register('acme', { identifier: 'acme1', licenseArn: 'arn:aws:l-beta' })
    await expect(taken).rejects.toMatchObject(refusal('CustomerIdentityTaken'))
    await expect(taken).rejects.toMatchObject(saying('Another key is registered'))
  })
})

test('a customer whose waiting usage the same group holds is not settled', async () => {
  const customerRules = { form: 'identifier', region: 'us-east-1', lateUsage: 'hold' } as const
  const bench = await saasBench('identifier', { customers: customerRules })
  await bench.report('requests', unit, { customer: 'acme' })
  await bench.clock.advance(26 * hourMs)
  const [, deleted] = await Promise.allSettled([
    bench.register('acme', acme),
    bench.customers.delete('acme'),
  ])
  expect(deleted).toMatchObject({ reason: refusal('CustomerNotSettled') })
  expect((await bench.ledger.usage()).held).toMatchObject([{ quantity: unit }])
})

test('names that fit two customers are unclear', async () => {
  const { register, ledger, directory, clock } = await saasBench('license-arn')
  await register('one', acme)
  await register('two', { ...acme, licenseArn: 'arn:aws:l-2', identifier: undefined })
  await ledger.close()
  const { customers } = await saasBench('account', { directory, clock })
  const unclear = customers.adopt({ accountId: acme.accountId })
  await expect(unclear).rejects.toMatchObject(refusal('CustomerNamesUnclear'))
  await expect(unclear).rejects.toMatchObject(saying('Several customers are registered with these'))
})

describe('a report', () => {
  test('names a customer where the product has customers, and none where it has not', async () => {
    const saas = await saasBench('identifier')
    const without = saas.report('requests', unit)
    await expect(without).rejects.toMatchObject(refusal('InvalidCustomer'))
    await expect(without).rejects.toMatchObject(saying('has customers, and the report names none'))
    const { report } = await openBench()
    const named = report('requests', unit, { customer: 'acme' })
    await expect(named).rejects.toMatchObject(refusal('InvalidCustomer'))
    await expect(named).rejects.toMatchObject(saying('The route of this product is not saas'))
  })

  test('that is too old says how old usage may be, or that its month is over', async () => {
    const { report, clock } = await openBench()
    const old = report('requests', unit, { occurredAt: clock.now() - 6 * hourMs - 1 })
    await expect(old).rejects.toMatchObject(saying('occurredAt lies more than 6 hours back, and'))
    const saas = await saasBench('identifier', { clock: new ManualClock('2026-04-01T06:30:00Z') })
    const occurredAt = Date.parse('2026-03-31T23:00:00Z')
    const ofMarch = saas.report('requests', unit, { customer: 'acme', occurredAt })
    await expect(ofMarch).rejects.toMatchObject(saying('occurredAt lies in the month before, and'))
  })
})
