import { describe, expect, test } from 'vitest'
import { registerCustomer } from '../../../src/ledger/customers/register-customer.ts'
import { accountOf } from '../../../src/metering/account.ts'
import type { CustomerNames } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const rules = {
  form: 'identifier',
  region: 'us-east-1',
  windowEnd: (hour: number) => hour + 3 * hourMs,
  lateUsage: 'carry',
} as const
const names: CustomerNames = {
  accountId: '111122223333',
  licenseArn: 'arn:aws:l-acme',
  identifier: 'acme1',
}

/** A book in which acme is registered by these names since 9 o'clock. */
function registered(given = names): ModelBook {
  const book = new ModelBook()
  const page = openPage(book, 'saas:product')
  page.takeOwnership(nine)
  registerCustomer(page, { customer: 'acme', names: given, reactivates: false }, nine, rules)
  book.apply(page.changes())
  return book
}

function registerIn(book: ModelBook, given: CustomerNames, more: Partial<typeof rules> = {}) {
  const page = openPage(book, 'saas:product')
  const customer = { customer: 'acme', names: given, reactivates: false }
  const registration = registerCustomer(page, customer, nine + hourMs, { ...rules, ...more })
  return { page, registration, written: page.changes().registrations }
}

const first = {
  customer: 'acme',
  identity: { form: 'identifier', value: 'acme1', region: 'us-east-1' },
  names,
  createdAt: nine,
  startsAt: 0,
  endedAt: undefined,
  deletedAt: undefined,
} as const

describe('a customer who is registered again', () => {
  test.each([
    ['with the same names', names],
    ['with some of the names', { identifier: 'acme1' }],
    ['with names that are said to be unknown', { ...names, accountId: undefined }],
  ])('%s is as before, and nothing is written', (_, given) => {
    const { registration, written } = registerIn(registered(), given)
    expect(registration).toEqual(first)
    expect(written).toEqual([])
  })

  test.each([
    ['account', { accountId: '444455556666' }],
    ['licence', { licenseArn: 'arn:aws:l-other' }],
  ])('with another %s has that from now on, and it is written', (_, changed) => {
    const { registration, written } = registerIn(registered(), { ...names, ...changed })
    const renamed = { ...first, names: { ...names, ...changed } }
    expect(registration).toEqual(renamed)
    expect(written).toEqual([renamed])
  })

  test('with a name that was not known keeps the others, and it is written', () => {
    const { registration, written } = registerIn(registered({ identifier: 'acme1' }), {
      identifier: 'acme1',
      accountId: '111122223333',
    })
    const completed = { ...first, names: { identifier: 'acme1', accountId: '111122223333' } }
    expect(registration).toEqual(completed)
    expect(written).toEqual([completed])
  })

  test('is written where AWS has just named it, though its names are the same', () => {
    const page = openPage(registered(), 'saas:product')
    const customer = { customer: 'acme', names, reactivates: true }
    expect(registerCustomer(page, customer, nine + hourMs, rules)).toEqual(first)
    expect(page.changes().registrations).toEqual([first])
    expect([...page.changes().licences.values()]).toContainEqual({
      at: nine + hourMs,
      ended: false,
    })
  })

  test('under another identity is a new registration, the newest whatever the clock shows', () => {
    const { registration, written, page } = registerIn(registered(), {
      ...names,
      identifier: 'acme2',
    })
    expect(registration).toMatchObject({ identity: { value: 'acme2' }, createdAt: nine + hourMs })
    expect(written).toEqual([registration])
    const customer = { customer: 'acme', names: { ...names, identifier: 'acme3' } }
    const back = registerCustomer(page, { ...customer, reactivates: false }, 0, rules)
    expect(back.createdAt).toBe(nine + hourMs + 1)
  })
})

describe('what names are refused for', () => {
  test('a key that AWS names are kept for says which key to use', () => {
    const page = openPage(registered(), 'saas:product')
    const customer = { customer: 'aws:account:999999999999', names, reactivates: false }
    expect(() => registerCustomer(page, customer, nine, rules)).toThrow(
      "Keys that begin with aws: are reserved for customers whom an AWS SDK names, and this key does not belong to this customer. Use the application's own key.",
    )
  })

  test('a customer of AWS who has another key says why that matters', () => {
    const page = openPage(registered(), 'saas:product')
    const customer = { customer: 'beta', names, reactivates: false }
    expect(() => registerCustomer(page, customer, nine, rules)).toThrow(
      'Another key is registered for this AWS customer, and AWS would bill an hour under both. Use that key, or delete it once it is settled.',
    )
  })

  test('an identity that the key had before says how to get it back', () => {
    const book = registered()
    const { page } = registerIn(book, { ...names, identifier: 'acme2' })
    book.apply(page.changes())
    expect(() => registerIn(book, names)).toThrow(
      'The key had this identity before it was registered with another one. Delete the key once it is settled, then register it again.',
    )
  })

  test('names without what the product is billed by say what to send', () => {
    expect(() => registerIn(registered(), {})).toThrow(
      'The product file says that customers are billed by identifier, so a registration needs the customer identifier (identifier). Send what ResolveCustomer returned, or correct customerIds in the product file.',
    )
  })
})

describe('usage that waited for a registration', () => {
  const meaning = {
    productCode: 'product',
    customer: 'acme',
    dimension: 'requests',
    divisor: 1n,
    aggregate: 'sum',
    scope: 'resource',
  } as const
  const own = accountOf({ ...meaning, identity: first.identity })

  /** A customer without a registration who has usage of two tag sets of 9 o'clock, registered at `now`. */
  function received(now: number, lateUsage: 'carry' | 'hold') {
    const book = new ModelBook()
    const before = openPage(book, 'saas:product')
    before.takeOwnership(nine)
    const waiting = accountOf(meaning)
    before.count(waiting, 5n)
    before.add(waiting, nine, '', 2n)
    before.add(waiting, nine, 'a', 3n)
    book.apply(before.changes())
    const page = openPage(book, 'saas:product')
    const customer = { customer: 'acme', names, reactivates: false }
    registerCustomer(page, customer, now, { ...rules, lateUsage })
    book.apply(page.changes())
    const { accounts, open, held } = book
    return {
      reported: [...accounts.values()].map(({ account, reported }) => [account.name, reported]),
      open: [...open.values()].flatMap((cells) =>
        [...cells.values()].map(({ account, hour, tags, quantity }) => [
          account.name,
          hour,
          tags,
          quantity,
        ]),
      ),
      held: [...held.values()].map(({ hour: { account, hour, reason, since }, cells }) => [
        account.name,
        hour,
        reason,
        since,
        [...cells],
      ]),
      waiting: waiting.name,
    }
  }

  test('becomes usage of it in its own hour while AWS accepts that', () => {
    const { reported, open, held, waiting } = received(nine + 3 * hourMs - 1, 'hold')
    expect(reported).toEqual([
      [waiting, 0n],
      [own.name, 5n],
    ])
    expect(open).toEqual([
      [own.name, nine, '', 2n],
      [own.name, nine, 'a', 3n],
    ])
    expect(held).toEqual([])
  })

  test('is carried to the current hour from then on', () => {
    const { open, held } = received(nine + 3 * hourMs, 'carry')
    expect(open).toEqual([
      [own.name, nine + 3 * hourMs, '', 2n],
      [own.name, nine + 3 * hourMs, 'a', 3n],
    ])
    expect(held).toEqual([])
  })

  test('is held from then on where late usage is held', () => {
    const now = nine + 3 * hourMs
    const cells = [
      ['', 2n],
      ['a', 3n],
    ]
    const { open, held } = received(now, 'hold')
    expect(open).toEqual([])
    expect(held).toEqual([[own.name, nine, 'late', now, cells]])
  })
})
