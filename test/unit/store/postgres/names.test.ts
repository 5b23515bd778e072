import { expect, test } from 'vitest'
import { accountsRemembered } from '../../../../src/kernel/recent-map.ts'
import type { Account } from '../../../../src/metering/account.ts'
import type { Session } from '../../../../src/store/postgres/connection/database.ts'
import { Names } from '../../../../src/store/postgres/names.ts'
import { accountFor } from '../../../conformance/store/changes-for-tests.ts'

const identityOf = (value: string) => ({ form: 'account', value, region: 'us-east-1' }) as const
const accountOf = (index: number) =>
  accountFor('requests', { customer: `customer-${index}`, identity: identityOf(`${index}`) })

const rowOfAll = {
  product_code: 'product',
  dimension: 'requests',
  divisor: 1,
  aggregate: 'sum',
  scope: 'resource',
  form: 'account',
  region: 'us-east-1',
}

/** A database that has every account, and how many it was asked for. */
function databaseOf() {
  const asked = { accounts: 0 }
  const session: Session = {
    query: async (_, values = []) => {
      const customers = values[1] as string[]
      asked.accounts += customers.length
      return customers.map((customer) => {
        const [, index = ''] = customer.split('-')
        return { ...rowOfAll, id: Number(index) + 1, customer, identity: index }
      })
    },
  }
  return { session, asked }
}

test('accounts of one group are all known, and only the last of them after it', async () => {
  const names = new Names()
  const { session, asked } = databaseOf()
  const most = 2 * accountsRemembered
  const all: Account[] = Array.from({ length: most + 50 }, (_, index) => accountOf(index))
  await names.findAccounts(session, all)
  expect(all.map((account) => names.accountId(account))).toEqual(all.map((_, index) => index + 1))
  names.trim()
  const known = all.map((account) => names.accountId(account) !== undefined)
  expect(known.indexOf(true)).toBe(50)
  expect(known.filter((isKnown) => isKnown)).toHaveLength(most)
  expect(() => names.account(1)).toThrow('account 1 is not in the book')

  asked.accounts = 0
  await names.findAccounts(session, all.slice(40, 60))
  expect(asked.accounts).toBe(10)
})
