import { expect, test } from 'vitest'
import { dueHours } from '../../../src/ledger/sealing/seal-hours.ts'
import { accountOf } from '../../../src/metering/account.ts'
import type { CustomerForm, Registration } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { defaultRules } from '../../support/ledger/seal-rules.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const ten = nine + hourMs

const identityOf = (form: CustomerForm) => ({ form, value: `${form}-1`, region: 'us-east-1' })
const accountUnder = (form: CustomerForm, dimension: string) =>
  accountOf({
    productCode: 'product',
    customer: 'acme',
    identity: identityOf(form),
    dimension,
    divisor: 1n,
    aggregate: 'sum',
    scope: 'resource',
  })
const registrationUnder = (form: CustomerForm, startsAt: number): Registration => ({
  customer: 'acme',
  identity: identityOf(form),
  names: { identifier: 'acme1', accountId: '111122223333' },
  createdAt: startsAt,
  startsAt,
  endedAt: undefined,
  deletedAt: undefined,
})

test('usage of one hour under two forms is billed under one, and the rest with the next hour', () => {
  const book = new ModelBook()
  const filled = openPage(book, 'saas:product')
  filled.takeOwnership(nine)
  for (const form of ['identifier', 'account'] as const) {
    filled.customers.put(registrationUnder(form, nine))
    const account = accountUnder(form, 'requests')
    filled.count(account, unit)
    filled.add(account, nine, '', unit)
  }
  const only = accountUnder('account', 'seats')
  filled.count(only, 3n * unit)
  filled.add(only, nine, '', 3n * unit)
  book.apply(filled.changes())

  const page = openPage(book, 'saas:product')
  const plan = (input: Parameters<typeof planSeal>[0]) => planSeal(input, defaultRules)
  const request = { before: ten, now: ten + 60_000, plan, zeroHours: [] }
  const { hours } = dueHours(page, request)
  const shown = (all: typeof hours) =>
    all
      .map(({ account: { key }, hour }) => `${key.dimension} ${key.identity?.form} ${hour - nine}`)
      .toSorted()
  expect(shown(hours)).toEqual(['requests identifier 0', 'seats account 0'])
  expect(shown(page.openHours(Number.POSITIVE_INFINITY))).toEqual([
    `requests account ${hourMs}`,
    'requests identifier 0',
    'seats account 0',
  ])
  // No guard has counted it yet.
  const open = { account: accountUnder('account', 'requests'), resource: page.resource, hour: ten }
  expect(page.unguarded(open)).toBe(0n)
})
