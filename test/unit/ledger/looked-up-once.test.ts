import { expect, test, vi } from 'vitest'
import { AccountSlots } from '../../../src/ledger/page/account-slots.ts'
import { UsageAccounts } from '../../../src/ledger/reporting/usage-accounts.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { accountFor } from '../../conformance/store/changes-for-tests.ts'

const account = accountFor('requests')

/** A page of a book whose owner has two tag sets open in the hour 0. */
function pageWithUsage() {
  const book = new ModelBook()
  const before = openPage(book, 'pod:1')
  before.takeOwnership(0)
  before.count(account, 5n)
  before.add(account, 0, 'a', 2n)
  before.add(account, 0, 'b', 3n)
  book.apply(before.changes())
  return openPage(book, 'pod:1')
}

const open = { account, resource: 'pod:1', hour: 0 }

test('the slot of an account is made once: its row is known by the object', () => {
  const slots = new AccountSlots('pod:1')
  expect(slots.of({ ...account })).toBe(slots.of(account))
})

test('the tag sets of an hour are read once in a group, and not read to count them', () => {
  const page = pageWithUsage()
  const read = vi.spyOn(page.view, 'cells')
  const count = vi.spyOn(page.view, 'countTagSets')
  expect(page.countTagSets(open)).toBe(2)
  expect([read.mock.calls.length, count.mock.calls.length]).toEqual([0, 1])
  for (let times = 0; times < 3; times += 1) expect(page.cells(open)).toHaveLength(2)
  page.count(account, 1n)
  page.add(account, 0, 'c', 1n)
  count.mockClear()
  expect(page.countTagSets(open)).toBe(3)
  expect([read.mock.calls.length, count.mock.calls.length]).toEqual([1, 0])
})

test('the first unsealed hour is looked for once in a group, until an hour is closed', () => {
  const page = pageWithUsage()
  const look = vi.spyOn(page.view, 'isClosed')
  for (let times = 0; times < 3; times += 1) expect(page.firstUnsealedHour(account, 0)).toBe(0)
  expect(look).toHaveBeenCalledTimes(1)
  page.hold({ ...open, reason: 'guard' }, page.empty(open), 0)
  expect(page.firstUnsealedHour(account, 0)).toBe(hourMs)
})

test('the place of a dimension is looked for once in a request, for each hour', () => {
  const accounts = new UsageAccounts(() => ({ productCode: 'product', divisor: 1n }), false)
  const page = pageWithUsage()
  const placeOf = accounts.placesOn(page)
  const report = {
    dimension: 'requests',
    quantity: 1n,
    occurredAt: undefined,
    tags: '',
    idempotencyKey: undefined,
  }
  const first = placeOf(report, 0)
  expect(first).toEqual({ account, hour: 0 })
  expect(placeOf(report, 0)).toBe(first)
  expect(placeOf(report, hourMs)).toEqual({ account, hour: hourMs })
})
