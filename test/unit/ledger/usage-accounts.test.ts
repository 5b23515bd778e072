import { describe, expect, test } from 'vitest'
import type { MeaningOf } from '../../../src/ledger/opening/open-book.ts'
import { UsageAccounts } from '../../../src/ledger/reporting/usage-accounts.ts'

type Meaning = NonNullable<ReturnType<MeaningOf>>

const plain: Meaning = { productCode: 'product', divisor: 1n }

describe('the account of the buyer', () => {
  test('is made once while its dimension means the same', () => {
    const accounts = new UsageAccounts(
      (dimension) => ({ ...plain, divisor: BigInt(dimension.length) }),
      false,
    )
    const { key } = accounts.ofBuyer('requests')
    expect(key).toEqual({
      productCode: 'product',
      customer: '',
      dimension: 'requests',
      divisor: 8n,
      aggregate: 'sum',
      scope: 'resource',
    })
    expect(accounts.ofBuyer('jobs').key.dimension).toBe('jobs')
    expect(accounts.ofBuyer('requests').key).toBe(key)
  })

  test.each([
    ['product code', { productCode: 'other' }],
    ['divisor', { divisor: 2n }],
    ['aggregate', { aggregate: 'max' }],
    ['scope', { scope: 'cluster' }],
  ] as const)('is another one as soon as the %s is', (_, change) => {
    let meaning = plain
    const accounts = new UsageAccounts(() => meaning, false)
    const before = accounts.ofBuyer('requests')
    meaning = { ...plain, ...change }
    expect(accounts.ofBuyer('requests').key).toEqual({ ...before.key, ...change })
    meaning = plain
    expect(accounts.ofBuyer('requests').key).toEqual(before.key)
  })

  test('does not exist for a dimension that the product does not have', () => {
    const accounts = new UsageAccounts(() => undefined, false)
    expect(() => accounts.ofBuyer('requests')).toThrow('no dimension requests')
  })
})
