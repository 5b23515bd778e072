import { describe, expect, test } from 'vitest'
import type { MeaningOf } from '../../../src/ledger/opening/open-book.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { reportOf } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { UsageAccounts } from '../../../src/ledger/reporting/usage-accounts.ts'

type Meaning = NonNullable<ReturnType<MeaningOf>>

const nine = Date.parse('2026-03-10T09:00:00Z')
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

  test('takes usage into its first hour that is not sealed', () => {
    const book = new ModelBook()
    const page = openPage(book, 'pod:one')
    const accounts = new UsageAccounts(() => plain, false)
    const placeOf = accounts.placesOn(page)
    const account = accounts.ofBuyer('requests')
    page.count(account, 1n)
    const cells = [{ tags: untagged, quantity: 1n }]
    page.hold({ account, resource: 'pod:one', hour: nine, reason: 'guard' }, cells, nine)
    const report = reportOf('requests', 1n)
    expect(placeOf(report, nine)).toEqual({ account, hour: nine + hourMs })
    expect(placeOf(report, nine)).toBe(placeOf(report, nine))
    expect(placeOf(report, nine + 3 * hourMs)).toEqual({ account, hour: nine + 3 * hourMs })
    const other = placeOf(reportOf('storage', 1n), nine)
    expect(other).toEqual({ account: accounts.ofBuyer('storage'), hour: nine })
  })

  test.each([
    [
      true,
      undefined,
      "The product has customers, and the report names none, so nothing of this request was recorded. Name the customer by the application's own key in the member customer, with POST /v1/usage.",
    ],
    [
      false,
      'acme',
      'The route of this product is not saas: the buyer is the one who runs the task or pod. Leave customer out.',
    ],
  ])(
    'where the product has customers (%s) is not that of customer %s',
    (has, customer, message) => {
      const placeOf = new UsageAccounts(() => plain, has).placesOn(
        openPage(new ModelBook(), 'pod:one'),
      )
      expect(() => placeOf(reportOf('requests', 1n, { customer }), nine)).toThrow(
        expect.objectContaining({ code: 'InvalidCustomer', message }),
      )
    },
  )

  test('does not exist for a dimension that the product does not have', () => {
    const accounts = new UsageAccounts(() => undefined, false)
    expect(() => accounts.ofBuyer('requests')).toThrow('the product has no dimension requests')
  })
})
