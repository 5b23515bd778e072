import { describe, expect, test, vi } from 'vitest'
import { accountOf, type Account } from '../../../src/metering/account.ts'
import type { CustomerForm, CustomerNames, Registration } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { customerHolder, slotOf } from '../../../src/metering/slot.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const ten = nine + hourMs

/** A registration of acme by this form and value. */
function registrationOf(
  form: CustomerForm,
  value: string,
  more: Partial<Registration> = {},
): Registration {
  return {
    customer: 'acme',
    identity: { form, value, region: 'us-east-1' },
    names: {},
    createdAt: nine,
    startsAt: 0,
    endedAt: undefined,
    deletedAt: undefined,
    ...more,
  }
}

function accountFor(registration: Registration | undefined, customer = 'acme'): Account {
  return accountOf({
    productCode: 'product',
    customer: registration?.customer ?? customer,
    identity: registration?.identity,
    dimension: 'requests',
    divisor: 1n,
    aggregate: 'sum',
    scope: 'resource',
  })
}

/** A page of a book with these registrations, in this order. */
function pageWith(...registrations: readonly Registration[]) {
  const book = new ModelBook()
  const page = openPage(book, 'saas:product')
  page.takeOwnership(nine)
  for (const each of registrations) page.customers.put(each)
  book.apply(page.changes())
  return { book, page: openPage(book, 'saas:product') }
}

function add(page: ReturnType<typeof openPage>, account: Account, hour: number): void {
  page.count(account, 1n)
  page.add(account, hour, '', 1n)
}

const keysOf = (found: readonly Registration[]) => found.map(({ customer }) => customer)

describe('an hour of a customer is billed elsewhere', () => {
  const own = registrationOf('license-arn', 'one', { startsAt: ten })
  const others = [
    registrationOf('license-arn', 'two', { startsAt: ten + hourMs }),
    registrationOf('account', 'one', { startsAt: ten + hourMs }),
    registrationOf('account', 'two', { startsAt: ten + hourMs }),
  ]
  const never = () => false

  test('before the registration that is asked for starts, whichever others there are', () => {
    const { customers } = pageWith(...others, own).page
    expect(customers.registeredAs('acme', own.identity)).toEqual(own)
    expect(customers.billsElsewhere(accountFor(own), ten - hourMs, never)).toBe(true)
    expect(customers.billsElsewhere(accountFor(own), ten, never)).toBe(false)
  })

  test('and never where its registration was deleted, as far as registrations say', () => {
    const { customers } = pageWith(...others, { ...own, deletedAt: nine }).page
    expect(customers.registeredAs('acme', own.identity)).toBeUndefined()
    expect(customers.billsElsewhere(accountFor(own), nine, never)).toBe(false)
  })

  test('where an account of another form has a record of it', () => {
    const old = registrationOf('account', 'one')
    const { page } = pageWith(old, { ...own, startsAt: 0 })
    add(page, accountFor(old), nine)
    const hasRecord = vi.fn<(other: Account) => boolean>(
      ({ name }) => name === accountFor(old).name,
    )
    expect(page.customers.billsElsewhere(accountFor(own), nine, hasRecord)).toBe(true)
    expect(hasRecord.mock.calls.map(([account]) => account.name)).toEqual([accountFor(old).name])
    expect(page.customers.billsElsewhere(accountFor(own), nine, never)).toBe(false)
  })

  test('and never while its usage waits for a registration', () => {
    const { page } = pageWith(own)
    add(page, accountFor(own), nine)
    expect(page.customers.billsElsewhere(accountFor(undefined), 0, () => true)).toBe(false)
  })
})

describe('the registrations that names of AWS stand for', () => {
  const accountId = '111122223333'
  const licence = (licenseArn: string, more: Partial<Registration> = {}) =>
    registrationOf('license-arn', `${accountId}/${licenseArn}`, {
      names: { accountId, licenseArn },
      customer: licenseArn,
      ...more,
    })
  const byAccount = registrationOf('account', accountId, {
    names: { accountId },
    customer: 'by-account',
  })
  const byIdentifier = registrationOf('identifier', 'acme1', {
    names: { accountId, identifier: 'acme1' },
    customer: 'by-identifier',
  })
  const all = [licence('l-1'), licence('l-2'), byAccount, byIdentifier]
  const find = (names: CustomerNames, form: CustomerForm) =>
    keysOf(pageWith(...all).page.customers.namedBy(names, form))

  test.each<[string, CustomerForm, CustomerNames, string[]]>([
    ['of the licence first', 'license-arn', { accountId, licenseArn: 'l-1' }, ['l-1']],
    ['of the licence in any form', 'account', { accountId, licenseArn: 'l-2' }, ['l-2']],
    ['of the identifier next', 'account', { accountId, identifier: 'acme1' }, ['by-identifier']],
    [
      'of the account last',
      'account',
      { accountId, identifier: 'other' },
      ['l-1', 'l-2', 'by-account', 'by-identifier'],
    ],
    [
      'of the account, its licences too where no licence is named',
      'license-arn',
      { accountId },
      ['l-1', 'l-2', 'by-account', 'by-identifier'],
    ],
    [
      'of the account without its other licences where the licence has none',
      'license-arn',
      { accountId, licenseArn: 'l-3' },
      ['by-account', 'by-identifier'],
    ],
    [
      'of the account with its licences where customers are not billed by them',
      'account',
      { accountId, licenseArn: 'l-3' },
      ['l-1', 'l-2', 'by-account', 'by-identifier'],
    ],
    ['of nobody', 'license-arn', { accountId: '999999999999', licenseArn: 'l-3' }, []],
    ['of no name at all', 'account', {}, []],
  ])('are those %s', (_, form, names, found) => {
    expect(find(names, form)).toEqual(found)
  })

  test('are none of another licence of the account', () => {
    const { customers } = pageWith(licence('l-1'), licence('l-2')).page
    expect(customers.namedBy({ accountId, licenseArn: 'l-3' }, 'license-arn')).toEqual([])
  })

  test('are not those that were deleted', () => {
    const { customers } = pageWith(licence('l-1', { deletedAt: ten }), byAccount).page
    expect(keysOf(customers.namedBy({ accountId, licenseArn: 'l-1' }, 'account'))).toEqual([
      'by-account',
    ])
  })

  test('are the newest one of the most exact name for an event, and none where that has none', () => {
    const newer = licence('l-1', { customer: 'newer', createdAt: ten })
    const { customers } = pageWith(newer, ...all).page
    const keyOf = (names: CustomerNames) => customers.named(names)?.customer
    expect(keyOf({ accountId, licenseArn: 'l-1' })).toBe('newer')
    expect(keyOf({ accountId, identifier: 'acme1' })).toBe('by-identifier')
    expect(keyOf({ accountId, licenseArn: 'l-3' })).toBeUndefined()
    expect(keyOf({})).toBeUndefined()
  })

  test('are each found once, and as this group has changed them', () => {
    const { page } = pageWith(licence('l-1'))
    page.customers.put(licence('l-1', { endedAt: ten }))
    const names = { accountId, licenseArn: 'l-1' }
    expect(page.customers.namedBy(names, 'license-arn')).toEqual([licence('l-1', { endedAt: ten })])
    page.customers.put(licence('l-1', { deletedAt: ten }))
    expect(page.customers.namedBy(names, 'license-arn')).toEqual([])
  })

  test('are rivals where they have another key, are not deleted and can bill the same customer', () => {
    const { customers } = pageWith(...all, licence('l-4', { deletedAt: ten })).page
    const rivalsOf = (each: Registration) => keysOf(customers.rivalsOf(each))
    expect(rivalsOf(licence('l-1'))).toEqual(['by-account', 'by-identifier'])
    expect(rivalsOf(licence('l-4', { names: { licenseArn: 'l-4' } }))).toEqual([])
    expect(rivalsOf(byAccount)).toEqual(['l-1', 'l-2', 'by-identifier'])
  })

  test('have other forms of the same customer: of its key or a shared name, deleted ones too, once', () => {
    const gone = { ...byIdentifier, deletedAt: ten }
    const ofKey = registrationOf('identifier', 'old', { customer: 'l-1' })
    const { customers } = pageWith(licence('l-1'), licence('l-2'), byAccount, gone, ofKey).page
    const others = customers.inOtherForms(licence('l-1'))
    expect(others).toHaveLength(3)
    expect(others).toEqual(expect.arrayContaining([ofKey, byAccount, gone]))
  })
})

describe('what a group does to a registration', () => {
  const own = registrationOf('account', 'one')
  const others = [
    registrationOf('account', 'two'),
    registrationOf('identifier', 'one'),
    registrationOf('account', 'one', { customer: 'beta' }),
  ]

  test('is usage of the same customer and identity alone', () => {
    const { page } = pageWith(own, ...others)
    for (const other of [...others.map((each) => accountFor(each)), accountFor(undefined)])
      add(page, other, nine)
    expect(page.customers.lastHour(own)).toBeUndefined()
    expect(page.customers.isUnsettled(own)).toBe(false)
    add(page, accountFor(own), ten)
    add(page, accountFor(own), nine)
    expect(page.customers.lastHour(own)).toBe(ten)
    expect(page.customers.isUnsettled(own)).toBe(true)
  })

  test('is usage that it holds of the same customer and identity alone', () => {
    const { page } = pageWith(own, ...others)
    const hold = (registration: Registration) => {
      const account = accountFor(registration)
      page.count(account, 1n)
      const key = { account, resource: 'saas:product', hour: nine, reason: 'guard' } as const
      page.hold(key, [{ tags: '', quantity: 1n }], nine)
    }
    for (const other of others) hold(other)
    expect(page.customers.lastHour(own)).toBeUndefined()
    expect(page.customers.isUnsettled(own)).toBe(false)
    hold(own)
    expect(page.customers.lastHour(own)).toBe(nine)
    expect(page.customers.isUnsettled(own)).toBe(true)
  })

  test('counts with what the book has: the later hour, and what is unsettled there', () => {
    const { book, page } = pageWith(own)
    const slot = slotOf(accountFor(own).key, 'saas:product')
    expect(slot.holder).toBe(customerHolder(own.identity))
    book.records.set(1, { ...recordOf('saas:product', ten, 1), slot })
    expect(page.customers.lastHour(own)).toBe(ten)
    expect(page.customers.isUnsettled(own)).toBe(true)
    add(page, accountFor(own), nine)
    expect(page.customers.lastHour(own)).toBe(ten)
  })

  test('shows in the registrations of the customer, the oldest first, without the deleted ones', () => {
    const { page } = pageWith(registrationOf('account', 'two', { createdAt: ten }))
    const older = registrationOf('account', 'old', { createdAt: nine - 1 })
    const newer = registrationOf('account', 'new', { createdAt: ten + 1 })
    page.customers.put(newer)
    page.customers.put(older)
    page.customers.put(registrationOf('account', 'gone', { deletedAt: ten }))
    page.customers.put(registrationOf('account', 'other', { customer: 'beta' }))
    const values = page.customers.registrations('acme').map(({ identity }) => identity.value)
    expect(values).toEqual(['old', 'two', 'new'])
    expect(page.customers.changes()).toHaveLength(4)
  })

  test('has the registrations of a customer read once, until one changes', () => {
    const { page } = pageWith(own)
    const read = vi.spyOn(page.view, 'registrations')
    for (let times = 0; times < 3; times += 1)
      expect(page.customers.registrations('acme')).toEqual([own])
    expect(read).toHaveBeenCalledTimes(1)
    page.customers.put({ ...own, endedAt: ten })
    expect(page.customers.registrations('acme')).toEqual([{ ...own, endedAt: ten }])
    expect(read).toHaveBeenCalledTimes(2)
  })

  test('shows in the hours that wait for a registration under a key', () => {
    const { book, page } = pageWith(own)
    const waiting = accountFor(undefined, 'gamma')
    add(page, waiting, ten)
    book.apply(page.changes())
    const next = openPage(book, 'saas:product')
    add(next, accountOf({ ...waiting.key, dimension: 'storage' }), nine)
    add(next, accountFor(undefined, 'delta'), nine)
    add(next, accountFor(own), nine)
    const hoursOf = (key: string) =>
      next.customers.waitingHours(key).map(({ account, hour }) => [account.key.dimension, hour])
    expect(hoursOf('gamma')).toEqual([
      ['requests', ten],
      ['storage', nine],
    ])
    expect(hoursOf('acme')).toEqual([])
  })
})

describe('what was said of a licence', () => {
  const said = { at: nine, ended: true }
  const later = { at: ten, ended: false }

  test('is what was said last under any of its keys, by the book or by this group', () => {
    const { book, page } = pageWith()
    page.customers.noteLicence(['one', 'two'], said)
    book.apply(page.changes())
    const { customers } = openPage(book, 'saas:product')
    expect(customers.licence(['three'])).toBeUndefined()
    expect(customers.licence([])).toBeUndefined()
    expect(customers.licence(['three', 'two'])).toEqual(said)
    customers.noteLicence(['three'], later)
    expect(customers.licence(['three', 'two'])).toEqual(later)
    expect(customers.licence(['two', 'three'])).toEqual(later)
    customers.noteLicence(['two'], { at: 0, ended: false })
    expect(customers.licence(['two'])).toEqual({ at: 0, ended: false })
    expect([...customers.licences().keys()]).toEqual(['three', 'two'])
  })
})
