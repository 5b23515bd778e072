import { expect, test } from 'vitest'
import { registrationRulesOf } from '../../../src/ledger/customers/customer-book.ts'
import { receiveRegistered } from '../../../src/ledger/customers/receive-waiting.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const identity = { form: 'identifier', value: 'acme-1', region: 'us-east-1' } as const
const rules = registrationRulesOf({ form: 'identifier', region: 'us-east-1', lateUsage: 'carry' })
const accountUnder = (customer: string, registered: typeof identity | undefined) =>
  accountOf({
    productCode: 'product',
    customer,
    ...(registered && { identity: registered }),
    dimension: 'requests',
    divisor: 1n,
    aggregate: 'sum',
    scope: 'resource',
  })

/** A page of a book in which usage waits under a key although acme is registered. */
function pageWith(key: string) {
  const book = new ModelBook()
  const page = openPage(book, 'saas:product')
  page.takeOwnership(nine)
  page.customers.put({
    customer: 'acme',
    identity,
    names: { identifier: 'acme-1' },
    createdAt: nine,
    startsAt: 0,
    endedAt: undefined,
    deletedAt: undefined,
  })
  page.count(accountUnder(key, undefined), unit)
  page.add(accountUnder(key, undefined), nine, 'a', unit)
  book.apply(page.changes())
  return openPage(book, 'saas:product')
}

test.each(['acme', 'aws:identifier:acme-1'])(
  'usage that waits as %s is that of a registration which is there already',
  (key) => {
    const page = pageWith(key)
    receiveRegistered(page, nine + hourMs, rules)
    const open = page.openHours(Number.POSITIVE_INFINITY)
    expect(open.map(({ account, hour }) => [account, hour])).toEqual([
      [accountUnder('acme', identity), nine],
    ])
    expect(open.flatMap((each) => page.cells(each))).toEqual([{ tags: 'a', quantity: unit }])
    expect(() => page.changes()).not.toThrow()
  },
)

test.each(['globex', 'aws:licence:arn:aws:other', 'aws:account:111122223333'])(
  'usage that waits as %s still waits',
  (key) => {
    const page = pageWith(key)
    receiveRegistered(page, nine + hourMs, rules)
    expect(page.openHours(Number.POSITIVE_INFINITY)).toMatchObject([
      { account: accountUnder(key, undefined), hour: nine },
    ])
  },
)
