import { describe, expect, test } from 'vitest'
import { releaseHeld } from '../../../src/ledger/decisions/release-held.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { HeldReason } from '../../../src/metering/held.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { refusal } from '../../support/refusal.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const twelve = nine + 3 * hourMs
const key = {
  productCode: 'reported',
  customer: '',
  dimension: 'requests',
  divisor: 1n,
  aggregate: 'sum',
  scope: 'resource',
} as const
const account = accountOf(key)
const today = { ...key, productCode: 'todays', divisor: 1000n }

/** A book that holds 5 requests of 9 o'clock, 2 of them tagged. */
function bookHolding(reason: HeldReason): ModelBook {
  const book = new ModelBook()
  const page = openPage(book, 'pod:1')
  page.takeOwnership(nine)
  page.count(account, 5n)
  const cells = [
    { tags: '', quantity: 3n },
    { tags: 'a', quantity: 2n },
  ]
  page.hold({ account, resource: 'pod:1', hour: nine, reason }, cells, nine)
  book.apply(page.changes())
  return book
}

function releaseFrom(book: ModelBook, meaningOf: () => typeof today | undefined, id = 1) {
  const page = openPage(book, 'pod:1')
  const decided = releaseHeld(page, id, twelve + 60_000, meaningOf)
  book.apply(page.changes())
  return decided
}

const reportedOf = (book: ModelBook) =>
  [...book.accounts.values()].map((row) => [row.account.key, row.reported])

describe('held usage that is released', () => {
  test.each(['guard', 'late', 'adopted'] as const)(
    'keeps the meaning that it was reported with, where it is held for the reason %s',
    (reason) => {
      const book = bookHolding(reason)
      const decided = releaseFrom(book, () => today)
      expect(decided).toEqual({ account: key, hour: nine, quantity: 5n, releasedTo: twelve })
      expect(reportedOf(book)).toEqual([[key, 5n]])
      const page = openPage(book, 'pod:1')
      expect(page.heldHours()).toEqual([])
      expect(page.cells({ account, resource: 'pod:1', hour: twelve })).toEqual([
        { tags: '', quantity: 3n },
        { tags: 'a', quantity: 2n },
      ])
      expect(page.unguarded({ account, hour: twelve, resource: page.resource })).toBe(5n)
    },
  )

  test('gets the meaning of today where no divisor was known', () => {
    const book = bookHolding('no-divisor')
    expect(releaseFrom(book, () => today)).toMatchObject({ account: today, quantity: 5n })
    expect(reportedOf(book)).toEqual([
      [key, 0n],
      [today, 5n],
    ])
  })

  test('stays held where its dimension has no meaning today, and the answer says what to do', () => {
    const book = bookHolding('no-divisor')
    const release = () => releaseFrom(book, () => undefined)
    expect(release).toThrow(expect.objectContaining(refusal('UnknownDimension')))
    expect(release).toThrow(
      'The product file does not have requests, and the ledger does not say what its usage means; nothing was changed. Release it with an image whose product file has the dimension, or write it off.',
    )
    expect(book.held.size).toBe(1)
  })

  test('is found by its id, and the answer for another id says where the ids are', () => {
    const book = bookHolding('guard')
    const release = () => releaseFrom(book, () => today, 2)
    expect(release).toThrow(expect.objectContaining(refusal('HeldNotFound')))
    expect(release).toThrow(
      'No usage is held under the id 2; nothing was changed. "ledger show" lists the ids.',
    )
  })
})
