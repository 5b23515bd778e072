import { expect, test } from 'vitest'
import { writeOffUsage } from '../../../src/ledger/decisions/write-off.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const accountWith = (divisor: bigint) =>
  accountOf({
    productCode: 'product',
    customer: '',
    dimension: 'requests',
    divisor,
    aggregate: 'sum',
    scope: 'resource',
  })
const account = accountWith(1n)
const wanted = { dimension: 'requests', tags: undefined, customer: '', reason: 'test' }

/** A page of a book with this open usage, of which the guard does not count so much. */
function pageWith(cells: Readonly<Record<string, bigint>>, unguarded: bigint) {
  const book = new ModelBook()
  const page = openPage(book, 'pod:1')
  page.takeOwnership(0)
  let free = unguarded
  for (const [tags, quantity] of Object.entries(cells)) {
    const part = quantity < free ? quantity : free
    free -= part
    page.count(account, quantity)
    if (part > 0n) page.addUnguarded(account, 0, tags, part)
    if (quantity > part) page.add(account, 0, tags, quantity - part)
  }
  book.apply(page.changes())
  return openPage(book, 'pod:1')
}

test.each([
  [{ a: 2n, b: 4n }, 3n, 1n, { a: 1n, b: 4n }, 3n],
  [{ a: 2n, b: 4n }, 3n, 2n, { b: 4n }, 3n],
  [{ a: 4n }, 3n, 3n, { a: 1n }, 1n],
  [{ a: 4n }, 3n, 1n, { a: 3n }, 3n],
  [{ a: 4n, b: 1n }, 0n, 1n, { a: 3n, b: 1n }, 0n],
  [{ a: 4n, b: 2n }, 6n, 1n, { a: 3n, b: 2n }, 5n],
])(
  'of %o with %i that no guard counts, %i are written off and %o stay, %i of them uncounted',
  (cells, unguarded, quantity, rest, uncounted) => {
    const page = pageWith(cells, unguarded)
    writeOffUsage(page, { ...wanted, quantity }, 7)
    const open = { account, resource: 'pod:1', hour: 0 }
    const left = page.cells(open).map((cell) => [cell.tags, cell.quantity])
    expect(Object.fromEntries(left)).toEqual(rest)
    expect(page.unguarded(account, 0)).toBe(uncounted)
    const { voided } = page.changes()
    expect(voided.reduce((sum, each) => sum + each.quantity, 0n)).toBe(quantity)
  },
)

test('the oldest hour is written off first, whatever its account', () => {
  const page = openPage(new ModelBook(), 'pod:1')
  for (const [divisor, hour] of [
    [1n, 3],
    [2n, 1],
    [3n, 2],
  ] as const) {
    page.count(accountWith(divisor), 5n)
    page.add(accountWith(divisor), hour, '', 5n)
  }
  writeOffUsage(page, { ...wanted, quantity: 12n }, 7)
  expect(page.changes().voided.map(({ hour, quantity }) => [hour, quantity])).toEqual([
    [1, 5n],
    [2, 5n],
    [3, 2n],
  ])
})
