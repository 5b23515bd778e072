import { expect, test } from 'vitest'
import {
  accountOf,
  isShared,
  isUnregistered,
  type AccountKey,
} from '../../../src/metering/account.ts'
import { slotName, slotOf } from '../../../src/metering/slot.ts'

const buyer: AccountKey = {
  productCode: 'product',
  customer: '',
  dimension: 'requests',
  divisor: 1n,
  aggregate: 'sum',
  scope: 'resource',
}
const identity = { form: 'account', value: '111122223333', region: 'us-east-1' } as const
const licence = { ...identity, form: 'license-arn', value: '1/arn' } as const

test.each([
  ['a task or pod', buyer, ['meter-usage', 'pod:1', 'product', 'requests']],
  ['a cluster', { ...buyer, scope: 'cluster' }, ['meter-usage', 'cluster', 'product', 'requests']],
  [
    'a customer who is not registered',
    { ...buyer, customer: 'acme' },
    ['batch-meter-usage', 'acme', 'product', 'requests'],
  ],
  [
    'a customer with an account',
    { ...buyer, customer: 'acme', identity },
    ['batch-meter-usage', '["us-east-1","account","111122223333"]', 'product', 'requests'],
  ],
  [
    'a customer with a licence, which names the product',
    { ...buyer, customer: 'acme', identity: licence },
    ['batch-meter-usage', '["us-east-1","license-arn","1/arn"]', '', 'requests'],
  ],
] as const)('the slot of %s', (_, account, slot) => {
  expect(JSON.parse(slotName(slotOf(account, 'pod:1')))).toEqual(slot)
})

test('an account is named by every member of its key', () => {
  const keys: AccountKey[] = [
    buyer,
    { ...buyer, productCode: 'other' },
    { ...buyer, dimension: 'storage' },
    { ...buyer, divisor: 2n },
    { ...buyer, aggregate: 'max' },
    { ...buyer, scope: 'cluster' },
    { ...buyer, customer: 'acme' },
    { ...buyer, customer: 'acme', identity },
    { ...buyer, customer: 'acme', identity: { ...identity, form: 'identifier' } },
    { ...buyer, customer: 'acme', identity: { ...identity, value: '444455556666' } },
    { ...buyer, customer: 'acme', identity: { ...identity, region: 'eu-west-1' } },
  ]
  expect(new Set(keys.map((key) => accountOf(key).name)).size).toBe(keys.length)
  expect(accountOf({ ...buyer }).name).toBe(accountOf(buyer).name)
})

test.each([
  [buyer, false, false],
  [{ ...buyer, scope: 'cluster' }, true, false],
  [{ ...buyer, customer: 'acme' }, true, true],
  [{ ...buyer, customer: 'acme', identity }, true, false],
] as const)('%o is shared: %s, waits for a registration: %s', (account, shared, waits) => {
  expect([isShared(account), isUnregistered(account)]).toEqual([shared, waits])
})
