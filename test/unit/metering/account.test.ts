import { expect, test } from 'vitest'
import {
  accountOf,
  isShared,
  isUnregistered,
  type AccountKey,
} from '../../../src/metering/account.ts'

const buyer: AccountKey = {
  productCode: 'product',
  customer: '',
  dimension: 'requests',
  divisor: 1000n,
  aggregate: 'sum',
  scope: 'resource',
}
const identity = { form: 'account', value: '111122223333', region: 'us-east-1' } as const
const customer: AccountKey = { ...buyer, customer: 'acme' }

test('the name of an account is that of every member of its key', () => {
  expect(accountOf(buyer)).toEqual({
    key: buyer,
    name: '["product","","requests","1000","sum","resource"]',
  })
  expect(accountOf({ ...customer, identity }).name).toBe(
    '["product","acme","requests","1000","sum","resource","account","111122223333","us-east-1"]',
  )
})

test('customers share what all tasks or pods report, and so does what is counted for a cluster', () => {
  expect([buyer, customer, { ...buyer, scope: 'cluster' as const }].map(isShared)).toEqual([
    false,
    true,
    true,
  ])
})

test('only usage of a customer whom AWS cannot name waits', () => {
  expect([buyer, customer, { ...customer, identity }].map(isUnregistered)).toEqual([
    false,
    true,
    false,
  ])
})
