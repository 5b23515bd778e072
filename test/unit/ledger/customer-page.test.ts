import { describe, expect, test, vi } from 'vitest'
import { accountOf, type Account } from '../../../src/metering/account.ts'
import type { CustomerForm, Registration } from '../../../src/metering/customer.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')

function registrationOf(form: CustomerForm): Registration {
  return {
    customer: 'acme',
    identity: { form, value: `acme by ${form}`, region: 'us-east-1' },
    names: {},
    createdAt: nine,
    startsAt: 0,
    endedAt: undefined,
    deletedAt: undefined,
  }
}

function accountFor(dimension: string, form: CustomerForm | undefined): Account {
  const identity = form && registrationOf(form).identity
  const meaning = {
    productCode: 'product',
    divisor: 1n,
    aggregate: 'sum',
    scope: 'resource',
  } as const
  return accountOf({ ...meaning, dimension, customer: 'acme', identity })
}

/** The customers of a book with these registrations of one, who has usage of these accounts. */
function customersOf(forms: readonly CustomerForm[], accounts: readonly Account[]) {
  const book = new ModelBook()
  const page = openPage(book, 'saas:product')
  page.takeOwnership(nine)
  for (const form of forms) page.customers.put(registrationOf(form))
  for (const account of accounts) {
    page.count(account, unit)
    page.add(account, nine, untagged, unit)
  }
  book.apply(page.changes())
  const { customers, view } = openPage(book, 'saas:product')
  return { customers, view }
}

describe('the accounts that bill the same usage of a customer under another form', () => {
  test('are those of the same dimension, and not usage that waits for a registration', () => {
    const old = accountFor('requests', 'identifier')
    const { customers } = customersOf(
      ['identifier', 'license-arn'],
      [old, accountFor('storage', 'identifier'), accountFor('requests', undefined)],
    )
    const others = customers.otherForms(accountFor('requests', 'license-arn'))
    expect(others.map(({ key }) => key)).toEqual([old.key])
    expect(customers.otherForms(old)).toEqual([])
    expect(customers.otherForms(accountFor('requests', undefined))).toEqual([])
  })

  test('are not looked for where every registration has one form', () => {
    const { customers, view } = customersOf(['license-arn'], [])
    const asked = vi.spyOn(view, 'accountsOf')
    expect(customers.otherForms(accountFor('requests', 'license-arn'))).toEqual([])
    expect(asked).not.toHaveBeenCalled()
  })
})

test('customers whose usage waits are counted with those of the same group, each once', () => {
  const { customers } = customersOf([], [accountFor('requests', undefined)])
  const admitted = ['acme', 'beta', 'beta', 'gamma', 'delta', 'acme']
  expect(admitted.map((customer) => customers.admits(customer, 3))).toEqual([
    true,
    true,
    true,
    true,
    false,
    true,
  ])
})
