import { expect, test } from 'vitest'
import { guardHours } from '../../../src/ledger/sealing/guard-hours.ts'
import { accountOf, type Scope } from '../../../src/metering/account.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const now = hour + 4_000_000

const accountIn = (scope: Scope, dimension = 'requests') =>
  accountOf({
    productCode: 'product',
    customer: '',
    dimension,
    divisor: 1n,
    aggregate: 'sum',
    scope,
  })

/** A page of pod:2 in a book in which both pods have 3 of an hour of each dimension, 1 of them tagged. */
function pageOf(scope: Scope, ...dimensions: readonly string[]) {
  const book = new ModelBook()
  for (const resource of ['pod:1', 'pod:2']) {
    const page = openPage(book, resource)
    page.takeOwnership(hour)
    for (const dimension of dimensions) {
      page.count(accountIn(scope, dimension), 3n)
      page.add(accountIn(scope, dimension), hour, '', 2n)
      page.add(accountIn(scope, dimension), hour, 'a', 1n)
    }
    book.apply(page.changes())
  }
  return openPage(book, 'pod:2')
}

const heldBy = (page: ReturnType<typeof openPage>) =>
  page.changes().held.map((each) => [each.resource, each.hour, each.since, [...each.added]])

test('an hour that all share is guarded as a whole, and held by the pod that seals it', () => {
  const page = pageOf('cluster', 'requests')
  const hours = page.openHours(now)
  expect(hours.map(({ resource }) => resource)).toEqual(['pod:1', 'pod:2'])
  expect(guardHours(page, hours, now, () => 5n)).toEqual([
    { opens: hours, dimension: 'requests', hour, quantity: 6n, limit: 5n },
  ])
  const cells = [
    ['', 4n],
    ['a', 2n],
  ]
  expect(heldBy(page)).toEqual([['pod:2', hour, now, cells]])
  expect(page.openHours(now)).toEqual([])
})

test('what any of the pods released is left out of an hour that all share', () => {
  const book = new ModelBook()
  const account = accountIn('cluster')
  for (const resource of ['pod:1', 'pod:2']) {
    const page = openPage(book, resource)
    page.takeOwnership(hour)
    page.count(account, 3n)
    page.addUnguarded(account, hour, '', 1n)
    page.add(account, hour, '', 2n)
    book.apply(page.changes())
  }
  const page = openPage(book, 'pod:2')
  expect(guardHours(page, page.openHours(now), now, () => 4n)).toEqual([])
  expect(guardHours(page, page.openHours(now), now, () => 3n)).toHaveLength(1)
})

test('an hour at its limit is left alone, and so is one without a limit', () => {
  const page = pageOf('cluster', 'requests', 'free')
  const limitOf = ({ dimension }: { readonly dimension: string }) =>
    dimension === 'free' ? undefined : 6n
  expect(guardHours(page, page.openHours(now), now, limitOf)).toEqual([])
  expect(guardHours(page, [], now, limitOf)).toEqual([])
  expect(heldBy(page)).toEqual([])
  expect(page.openHours(now)).toHaveLength(4)
})

test('an hour of one pod is held as that of this pod', () => {
  const page = pageOf('resource', 'requests')
  const own = page.openHours(now).filter(({ resource }) => resource === 'pod:2')
  expect(guardHours(page, own, now, () => 2n)).toMatchObject([{ opens: own, quantity: 3n }])
  const cells = [
    ['', 2n],
    ['a', 1n],
  ]
  expect(heldBy(page)).toEqual([['pod:2', hour, now, cells]])
})

test('what an earlier hour counted is left out, though it is held with the rest', () => {
  const page = pageOf('resource', 'requests')
  const account = accountIn('resource')
  page.count(account, 4n)
  page.addUnguarded(account, hour, '', 4n)
  const own = page.openHours(now).filter(({ resource }) => resource === 'pod:2')
  expect(guardHours(page, own, now, () => 3n)).toEqual([])
  expect(guardHours(page, own, now, () => 2n)).toMatchObject([{ quantity: 7n, limit: 2n }])
})
