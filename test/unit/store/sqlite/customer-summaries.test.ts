import { expect, test } from 'vitest'
import { hourMs } from '../../../../src/metering/hour.ts'
import type { Settlement } from '../../../../src/metering/record/record.ts'
import { openBench, unit } from '../../../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../../../support/ledger/one-record.ts'
import { sealHours } from '../../../support/ledger/seal-rules.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')

async function bookOfTwo() {
  const bench = await openBench({
    resource: 'saas:product',
    customers: { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' },
    maxPerHour: () => 100n * unit,
  })
  const { customers } = bench.ledger
  if (customers === undefined) throw new Error('the book has no customers')
  for (const customer of ['acme', 'beta'])
    await customers.register({ customer, names: { identifier: customer }, reactivates: false })
  const use = (dimension: string, quantity: bigint, customer = 'acme') =>
    bench.report(dimension, quantity, { customer })
  const answer = async (id: number, settlement: Settlement) => {
    await markSending(bench.ledger, id)
    await settle(bench.ledger, id, settlement)
  }
  return { ...bench, customers, use, answer }
}

test('the usage of a customer is in its places, in their order, and no one else’s is', async () => {
  const { ledger, clock, customers, use, answer } = await bookOfTwo()
  for (let hour = 0; hour < 2; hour += 1) {
    for (const dimension of ['b', 'a']) await use(dimension, unit + unit / 4n)
    await use('a', unit, 'beta')
    await use('much', 101n * unit + BigInt(hour))
    await clock.advance(hourMs)
    await sealHours(ledger, clock)
  }
  for (const dimension of ['b', 'a']) await use(dimension, 2n * unit)
  const { pending: sealed, held, fractions, open } = await customers.usage('acme')
  expect(sealed.map(({ dimension, hour }) => [dimension, (hour - nine) / hourMs])).toEqual(
    sealed
      .toSorted((one, other) => one.hour - other.hour || one.id - other.id)
      .map(({ dimension, hour }) => [dimension, (hour - nine) / hourMs]),
  )
  expect(sealed).toHaveLength(4)
  expect(held.map(({ dimension, hour, reason }) => [dimension, hour, reason])).toEqual([
    ['much', nine, 'guard'],
    ['much', nine + hourMs, 'guard'],
  ])
  expect(held.map(({ quantity }) => quantity)).toEqual([101n * unit, 101n * unit + 1n])
  expect(fractions).toEqual([
    { dimension: 'a', quantity: unit / 2n },
    { dimension: 'b', quantity: unit / 2n },
  ])
  const hour = nine + 2 * hourMs
  expect(open).toEqual([
    { dimension: 'a', hour, quantity: 2n * unit },
    { dimension: 'b', hour, quantity: 2n * unit },
  ])

  const [first, second, third, fourth] = sealed.map(({ id }) => id)
  for (const id of [first, second, third])
    await answer(id ?? 0, { kind: 'accepted', meteringRecordId: `m-${id}` })
  await answer(fourth ?? 0, { kind: 'another-stands', code: 'DuplicateRecord', message: '' })
  const { pending, settled } = await customers.usage('acme')
  expect(pending.map(({ id, state }) => [id, state])).toEqual([[fourth, 'unresolved']])
  expect(settled.map(({ id, state }) => [id, state])).toEqual([
    [third, 'accepted'],
    [second, 'accepted'],
    [first, 'accepted'],
  ])
  await clock.advance(50 * hourMs)
  const later = await customers.usage('acme')
  expect([later.settled, later.pending.length]).toEqual([[], 1])
  expect((await customers.usage('beta')).pending).toHaveLength(2)
})

test('a key that has neither usage nor a registration is that of no customer', async () => {
  const { customers, use } = await bookOfTwo()
  await expect(customers.usage('gamma')).rejects.toMatchObject({ code: 'CustomerNotFound' })
  await use('a', unit, 'gamma')
  expect(await customers.usage('gamma')).toMatchObject({
    customer: 'gamma',
    registration: undefined,
    open: [{ dimension: 'a' }],
  })
  const keys = async (after: string, limit: number) =>
    (await customers.list(after, limit)).map(({ customer }) => customer)
  expect(await keys('', 9)).toEqual(['acme', 'beta', 'gamma'])
  expect([await keys('', 2), await keys('acme', 1)]).toEqual([['acme', 'beta'], ['beta']])
})
