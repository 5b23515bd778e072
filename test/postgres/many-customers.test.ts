import { expect, inject, test } from 'vitest'
import { hourMs } from '../../src/metering/hour.ts'
import { plainMeaning } from '../support/ledger/open-ledger.ts'
import { reportOf, unit } from '../support/ledger/ledger-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newDatabase } from './support/new-database.ts'
import { RowCounter } from './support/row-counter.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const customers = { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' } as const
const keys = Array.from({ length: 400 }, (_, index) => `customer-${index}`)
const dimensions = ['requests', 'seats', 'storage']

test('hours of many customers are sealed in pages, and no statement returns all of them', async () => {
  const url = await newDatabase(server)
  const clock = new ManualClock()
  const counter = new RowCounter()
  const { ledger, seal } = await openSharedLedger(url, 'pod:one', clock, {
    meaningOf: plainMeaning,
    customers,
    wrap: (database) => counter.wrap(database),
  })
  const book = ledger.customers
  if (book === undefined) throw new TypeError('the book has no customers')
  await Promise.all(
    keys.map((customer) =>
      book.register({ customer, names: { identifier: customer }, reactivates: false }),
    ),
  )
  const reports = keys.flatMap((customer) =>
    dimensions.map((dimension) => reportOf(dimension, unit, { customer })),
  )
  await ledger.report({ reports, idempotencyKey: undefined })
  await clock.advance(2 * hourMs)
  counter.most = 0
  expect(await seal()).toHaveLength(keys.length * dimensions.length)
  expect(counter.most).toBeGreaterThan(100)
  expect(counter.most).toBeLessThan(300)
  expect(await imbalances(ledger)).toEqual(reports.map(() => 0n))
})
