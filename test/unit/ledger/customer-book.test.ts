import { describe, expect, test } from 'vitest'
import type { CustomerForm, CustomerNames } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const acme: CustomerNames = { accountId: '111122223333', licenseArn: 'arn:aws:l-acme' }
const beta: CustomerNames = { accountId: '444455556666', licenseArn: 'arn:aws:l-beta' }
const keyOf = ({ licenseArn }: CustomerNames) => `aws:licence:${licenseArn}`

async function saasBench(form: CustomerForm = 'license-arn', maxTagSets = 2500) {
  const bench = await openBench({
    resource: 'saas:product',
    maxTagSets,
    customers: { form, region: 'us-east-1', lateUsage: 'carry' },
  })
  const { customers } = bench.ledger
  if (customers === undefined) throw new Error('the book has no customers')
  const register = (customer: string, names: CustomerNames) =>
    customers.register({ customer, names, reactivates: false })
  return { ...bench, customers, register }
}

const recordOf = (
  names: CustomerNames,
  quantity: bigint,
  more: { tags?: string; at?: number } = {},
) => ({
  names,
  dimension: 'requests',
  occurredAt: more.at ?? nine + 60_000,
  parts: [{ quantity: quantity * unit, tags: more.tags ?? untagged }],
})

describe('a customer whom AWS has named', () => {
  test('is registered under a key made of the names, or under the one that it has', async () => {
    const { customers, register } = await saasBench()
    expect(await customers.adopt(acme)).toMatchObject({ customer: keyOf(acme), names: acme })
    await register('beta', beta)
    expect(await customers.adopt(beta)).toMatchObject({ customer: 'beta' })
    expect((await customers.list('', 10)).map(({ customer }) => customer)).toEqual([
      keyOf(acme),
      'beta',
    ])
  })

  test('is active again when its licence had ended', async () => {
    const { customers, register } = await saasBench()
    await register('acme', acme)
    await customers.end('acme')
    expect((await customers.adopt(acme)).endedAt).toBeUndefined()
  })

  test('cannot be registered by names that lack what the product is billed by', async () => {
    const { customers } = await saasBench('identifier')
    await expect(customers.adopt(acme)).rejects.toMatchObject(refusal('CustomerNamesIncomplete'))
  })
})

describe('a batch of records by AWS’s rule', () => {
  test('registers each customer whom a record names in full, once', async () => {
    const bench = await saasBench()
    const outcomes = await bench.customers.reportRecords([
      recordOf(acme, 2n),
      recordOf(beta, 3n),
      recordOf(acme, 4n, { at: nine - 60_000 }),
    ])
    expect(outcomes).toEqual([
      { customer: keyOf(acme), receipt: { result: 'accepted', hour: nine, late: false } },
      { customer: keyOf(beta), receipt: { result: 'accepted', hour: nine, late: false } },
      { customer: keyOf(acme), receipt: { result: 'accepted', hour: nine - hourMs, late: false } },
    ])
    await bench.clock.advance(hourMs)
    const sealed = await sealHours(bench.ledger, bench.clock)
    expect(sealed.map(({ customer, hour, quantity }) => [customer, hour, quantity / unit])).toEqual(
      [
        [keyOf(acme), nine - hourMs, 4n],
        [keyOf(acme), nine, 2n],
        [keyOf(beta), nine, 3n],
      ],
    )
  })

  test('lets usage wait of whom it does not name in full', async () => {
    const bench = await saasBench()
    const names = { licenseArn: 'arn:aws:l-acme' }
    const [outcome] = await bench.customers.reportRecords([recordOf(names, 2n)])
    expect(outcome).toMatchObject({ customer: keyOf(acme), receipt: { result: 'accepted' } })
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toEqual([])
    await bench.customers.adopt(acme)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([{ quantity: 2n * unit }])
  })

  test('counts a record once, and lets the first content of it stand', async () => {
    const bench = await saasBench()
    const twice = await bench.customers.reportRecords([recordOf(acme, 2n), recordOf(acme, 5n)])
    expect(twice.map(({ receipt }) => receipt?.result)).toEqual(['accepted', undefined])
    const again = await bench.customers.reportRecords([recordOf(acme, 2n), recordOf(acme, 5n)])
    expect(again.map(({ receipt }) => receipt?.result)).toEqual(['duplicate', undefined])
    expect((await bench.ledger.usage()).open).toMatchObject([{ quantity: 2n * unit }])
  })

  test('does not make a licence active again that has ended', async () => {
    const { customers, register } = await saasBench()
    await register('acme', acme)
    const { endedAt } = await customers.end('acme')
    await customers.reportRecords([recordOf(acme, 2n)])
    expect((await customers.usage('acme')).registration?.endedAt).toBe(endedAt)
  })

  test('is refused whole when one customer cannot be the one that it names', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    const wrong = { ...acme, accountId: beta.accountId }
    const batch = [recordOf(beta, 3n), recordOf(wrong, 2n)]
    await expect(bench.customers.reportRecords(batch)).rejects.toMatchObject(
      refusal('CustomerNamesUnclear'),
    )
    expect((await bench.ledger.usage()).open).toEqual([])
  })

  test('is refused whole when a record names two customers, although its licence is that of one', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    await bench.register('other', { ...beta, identifier: 'other1' })
    const both = { ...acme, identifier: 'other1' }
    const newcomer = { accountId: '777788889999', licenseArn: 'arn:aws:l-new' }
    const batch = [recordOf(newcomer, 3n), recordOf(both, 2n)]
    await expect(bench.customers.reportRecords(batch)).rejects.toMatchObject({
      code: 'CustomerIdentityTaken',
    })
    expect((await bench.ledger.usage()).open).toEqual([])
  })

  test('is told as usage of each dimension, and as tag sets that had no room', async () => {
    const bench = await saasBench('license-arn', 1)
    const tagsOf = (value: string) => canonicalTags([{ key: 'team', value }])
    const parts = ['a', 'b'].map((value) => ({ quantity: unit, tags: tagsOf(value) }))
    await bench.customers.reportRecords([{ ...recordOf(acme, 1n), parts }])
    expect(bench.told('tagSetsOverflowed')).toEqual([{ dimension: 'requests', reports: 1 }])
    expect(bench.told('usageReported')).toMatchObject([
      { dimension: 'requests', quantity: 2n * unit },
    ])
  })
})

describe('whom names of AWS mean', () => {
  const licence = (name: string) => ({ accountId: acme.accountId, licenseArn: `arn:aws:l-${name}` })
  const newest = async (customer: string, { customers }: Awaited<ReturnType<typeof saasBench>>) =>
    (await customers.usage(customer)).registration?.names.licenseArn

  test('is the registration of the licence, although another one of the customer is newer', async () => {
    const bench = await saasBench()
    await bench.register('acme', licence('old'))
    await bench.register('acme', licence('new'))
    await bench.customers.reportRecords([
      recordOf(licence('old'), 2n),
      recordOf(licence('new'), 3n),
    ])
    expect(await newest('acme', bench)).toBe('arn:aws:l-new')
    await bench.clock.advance(hourMs)
    const sealed = await sealHours(bench.ledger, bench.clock)
    expect(sealed.map(({ slot, quantity }) => [slot.holder, quantity / unit])).toEqual([
      [expect.stringContaining('l-old'), 2n],
      [expect.stringContaining('l-new'), 3n],
    ])
  })

  test('is a new licence of the customer who has the account, where the form is the account', async () => {
    const bench = await saasBench('account')
    await bench.register('acme', licence('old'))
    const outcomes = await bench.customers.reportRecords([recordOf(licence('new'), 2n)])
    expect(outcomes).toMatchObject([{ customer: 'acme', receipt: { result: 'accepted' } }])
  })

  test.each([
    [
      'one account of a product that is billed by licence',
      { accountId: acme.accountId },
      /An account may have several licences, so a record has to name the LicenseArn, so nothing/,
    ],
    [
      'the licence of another account',
      { ...acme, accountId: beta.accountId },
      /^The licence or identifier is registered for another account, so nothing .* Send CustomerAWS/,
    ],
  ])('is unclear for %s', async (_, names, message) => {
    const bench = await saasBench()
    if ('licenseArn' in names) await bench.register('acme', acme)
    await expect(bench.customers.reportRecords([recordOf(names, 2n)])).rejects.toMatchObject({
      code: 'CustomerNamesUnclear',
      message: expect.stringMatching(message),
    })
  })

  test('is the customer of the licence where a record names no account', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    const names = { licenseArn: acme.licenseArn }
    expect(await bench.customers.reportRecords([recordOf(names, 2n)])).toMatchObject([
      { customer: 'acme' },
    ])
  })
})

describe('what a batch of records is refused for', () => {
  test('is the first record outside the window, by its place', async () => {
    const bench = await saasBench()
    const old = recordOf(acme, 1n, { at: nine - 25 * hourMs })
    await expect(bench.customers.reportRecords([recordOf(acme, 1n), old])).rejects.toMatchObject({
      code: 'OccurredAtTooOld',
      index: 1,
    })
    expect((await bench.ledger.usage()).open).toEqual([])
  })

  test('is more than an account may add up to', async () => {
    const bench = await saasBench()
    const most = [recordOf(acme, 10n ** 18n), recordOf(acme, 1n, { at: nine - 60_000 })]
    await expect(bench.customers.reportRecords(most)).rejects.toMatchObject(
      refusal('QuantityTooLarge'),
    )
    expect((await bench.ledger.usage()).open).toEqual([])
  })

  test('is not a record whose hour has another content, which is answered for alone', async () => {
    const bench = await saasBench()
    await bench.customers.reportRecords([recordOf(acme, 2n)])
    const outcomes = await bench.customers.reportRecords([
      recordOf(acme, 5n),
      recordOf(acme, 2n, { at: nine - 60_000 }),
      { ...recordOf(acme, 2n), dimension: 'storage' },
    ])
    expect(outcomes.map(({ customer, receipt }) => [customer, receipt?.result])).toEqual([
      [keyOf(acme), undefined],
      [keyOf(acme), 'accepted'],
      [keyOf(acme), 'accepted'],
    ])
  })
})

test('the same record twice in a batch gives both the same receipt', async () => {
  const bench = await saasBench()
  const outcomes = await bench.customers.reportRecords([recordOf(acme, 2n), recordOf(acme, 2n)])
  expect(outcomes[1]).toEqual(outcomes[0])
  expect((await bench.ledger.usage()).open).toMatchObject([{ quantity: 2n * unit }])
})
