import { describe, expect, test } from 'vitest'
import { placeOfCustomer } from '../../../src/ledger/customers/customer-accounts.ts'
import { deleteCustomer, endCustomer } from '../../../src/ledger/customers/end-customer.ts'
import { namedCustomer } from '../../../src/ledger/customers/named-customer.ts'
import { registerCustomer } from '../../../src/ledger/customers/register-customer.ts'
import { reopenRefused } from '../../../src/ledger/decisions/reopen-record.ts'
import { accountOf } from '../../../src/metering/account.ts'
import type { CustomerNames } from '../../../src/metering/customer.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const meaning = {
  productCode: 'product',
  dimension: 'requests',
  divisor: 1n,
  aggregate: 'sum',
  scope: 'resource',
} as const

function newPage() {
  const page = openPage(new ModelBook(), 'saas:product')
  page.takeOwnership(nine)
  return page
}

describe('names of AWS that are unclear are refused, and the answer says what to send:', () => {
  const accountId = '111122223333'
  const naming = { form: 'license-arn', region: 'us-east-1' } as const

  /** Finds a customer among those who are registered by these names. */
  function find(names: CustomerNames, ...registered: readonly CustomerNames[]) {
    const page = newPage()
    for (const [index, each] of registered.entries())
      registerCustomer(
        page,
        { customer: `customer ${index}`, names: each, reactivates: false },
        nine,
        { ...naming, windowEnd: () => Number.POSITIVE_INFINITY, lateUsage: 'carry' },
      )
    return namedCustomer(page, names, naming)
  }
  const then =
    ', so nothing of this request was recorded. Send CustomerAWSAccountId and LicenseArn as ResolveCustomer returned them.'
  const first = { accountId, licenseArn: 'l-1' }
  const second = { accountId, licenseArn: 'l-2' }

  test.each<[string, CustomerNames, string, CustomerNames[]]>([
    [
      'an account alone that nobody has',
      { accountId },
      'An account may have several licences, so a record has to name the LicenseArn',
      [],
    ],
    [
      'an account that two have',
      { accountId },
      'Several customers are registered with these names',
      [first, second],
    ],
    [
      'a licence that another account has',
      { accountId: '999999999999', licenseArn: 'l-1' },
      'The licence or identifier is registered for another account',
      [first],
    ],
  ])('%s', (_, names, why, registered) => {
    const finding = () => find(names, ...registered)
    expect(finding).toThrow(expect.objectContaining({ code: 'CustomerNamesUnclear' }))
    expect(finding).toThrow(`${why}${then}`)
  })

  test('what is clear is the key, its identity and all that the customer can be named by', () => {
    const identity = { form: 'license-arn', value: `${accountId}/l-1`, region: 'us-east-1' }
    const known = find({ ...first, identifier: 'acme1' }, first, second)
    expect(known).toEqual({
      key: 'customer 0',
      identity,
      keys: ['aws:licence:l-1', 'aws:identifier:acme1'],
    })
    expect(find({ licenseArn: 'l-1' }, first)).toEqual({
      key: 'customer 0',
      identity: undefined,
      keys: ['aws:licence:l-1'],
    })
    expect(find({ licenseArn: 'l-3', identifier: 'acme1' }, first)).toEqual({
      key: 'aws:licence:l-3',
      identity: undefined,
      keys: ['aws:licence:l-3', 'aws:identifier:acme1'],
    })
  })
})

describe('a customer', () => {
  const registered = {
    customer: 'acme',
    identity: { form: 'identifier', value: 'acme1', region: 'us-east-1' },
    names: { identifier: 'acme1' },
    createdAt: nine,
    startsAt: 0,
    endedAt: undefined,
    deletedAt: undefined,
  } as const

  test.each([
    ['ended', endCustomer],
    ['deleted', deleteCustomer],
  ] as const)('whom nobody has registered cannot be %s, and the answer says why', (_, change) => {
    const changing = () => change(newPage(), 'acme', nine)
    expect(changing).toThrow(expect.objectContaining({ code: 'CustomerNotFound' }))
    expect(changing).toThrow(
      'No customer is registered under this key. Register it with POST /v1/customers; usage that came before waits for that.',
    )
  })

  test('whose usage is not settled cannot be deleted, and the answer says when it can', () => {
    const page = newPage()
    page.customers.put(registered)
    const account = accountOf({ ...meaning, customer: 'acme', identity: registered.identity })
    page.count(account, 1n)
    page.add(account, nine, '', 1n)
    const deleting = () => deleteCustomer(page, 'acme', nine)
    expect(deleting).toThrow(expect.objectContaining({ code: 'CustomerNotSettled' }))
    expect(deleting).toThrow(
      'Usage of this customer is open, held, on its way to AWS or unresolved, so nothing was deleted. GET the customer to see where it is, and delete it when everything is settled.',
    )
  })

  test('who is deleted keeps the end that it had, and ends now where it had none', () => {
    const page = newPage()
    page.customers.put({ ...registered, endedAt: nine - 1 })
    const other = { ...registered.identity, value: 'acme2' }
    page.customers.put({ ...registered, identity: other })
    deleteCustomer(page, 'acme', nine)
    expect(page.customers.changes().map(({ endedAt, deletedAt }) => [endedAt, deletedAt])).toEqual([
      [nine - 1, nine],
      [nine, nine],
    ])
  })

  test('beyond a thousand whose usage waits is refused, and the answer says what to do', () => {
    const page = newPage()
    page.customers.put(registered)
    const place = (customer: string) => placeOfCustomer(page, meaning, { customer }, nine)
    for (let index = 0; index < 1000; index += 1) expect(place(`customer ${index}`).hour).toBe(nine)
    expect(() => place('one more')).toThrow(
      expect.objectContaining({ code: 'TooManyUnknownCustomers' }),
    )
    expect(() => place('one more')).toThrow(
      'Usage of 1000 customers waits for their registration, so nothing of this request was recorded. Register them, then repeat the request.',
    )
    expect(place('acme').account.key.identity).toEqual(registered.identity)
    expect(place('customer 7').account).toEqual(
      accountOf({ ...meaning, customer: 'customer 7', identity: undefined }),
    )
  })
})

describe('a refused record that cannot be reopened says why:', () => {
  function reopen(more: Partial<MeteringRecord>, dimension: string | undefined) {
    const book = new ModelBook()
    book.records.set(3, { ...recordOf('pod:1', nine, 3), state: 'refused', ...more })
    const today = { productCode: 'todays', dimensionOf: () => dimension }
    return () => reopenRefused(openPage(book, 'pod:1'), 3, nine, today)
  }

  test('AWS may have it', () => {
    const reopening = reopen({ ambiguous: true }, 'requests')
    expect(reopening).toThrow(expect.objectContaining({ code: 'RecordStateMismatch' }))
    expect(reopening).toThrow(
      'AWS may have record 3 from an earlier attempt, and only records that it certainly does not have can be reopened; nothing was changed. Send it again unchanged with "ledger retry".',
    )
  })

  test('its dimension is gone', () => {
    const reopening = reopen({}, undefined)
    expect(reopening).toThrow(expect.objectContaining({ code: 'UnknownDimension' }))
    expect(reopening).toThrow(
      'The product file has neither d3 nor a dimension that replaces it; nothing was changed. Correct the product file, or write the record off.',
    )
  })

  test('it is in another state', () => {
    expect(reopen({ state: 'accepted' }, 'requests')).toThrow(
      'Record 3 is accepted, and only refused records can be reopened; nothing was changed. It is settled.',
    )
  })
})

describe('a refused record that is reopened', () => {
  const sixHours = 6 * 3_600_000
  const half = 1_800_000

  test.each([
    [
      'keeps its hour until half an hour before AWS accepts it no more',
      nine + sixHours - half - 1,
      nine,
    ],
    ['goes to the current hour from then on', nine + sixHours - half, nine + sixHours - 2 * half],
  ])('%s, with its divisor and what AWS had said', (_, now, movedTo) => {
    const book = new ModelBook()
    const owner = openPage(book, 'pod:1')
    owner.takeOwnership(nine)
    book.apply(owner.changes())
    const account = { ...meaning, customer: '', dimension: 'd3', productCode: 'prod1', divisor: 5n }
    book.records.set(3, {
      ...recordOf('pod:1', nine, 3),
      state: 'refused',
      lastCode: 'InvalidProductCodeException',
      parts: [{ account, quantity: 2n, allocations: undefined }],
    })
    const page = openPage(book, 'pod:1')
    const today = { productCode: 'todays', dimensionOf: () => 'seats' }
    expect(reopenRefused(page, 3, now, today)).toMatchObject({
      state: 'moved',
      lastCode: 'Reopened',
      lastMessage:
        'Its usage was sealed again as seats of todays; before that: InvalidProductCodeException.',
      settledAt: now,
      movedTo,
    })
    const { accounts, added } = page.changes()
    const todays = accountOf({ ...account, productCode: 'todays', dimension: 'seats' })
    expect(accounts.map((each) => [each.account.name, each.reported])).toEqual([
      [accountOf(account).name, -10n],
      [todays.name, 10n],
    ])
    expect(added.map((each) => [each.account.name, each.hour, [...each.added]])).toEqual([
      [todays.name, movedTo, [['', 10n]]],
    ])
    expect(page.unguarded({ account: todays, hour: movedTo, resource: page.resource })).toBe(10n)
  })
})
