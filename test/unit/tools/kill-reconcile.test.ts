import { describe, expect, test } from 'vitest'
import type { Book, BookRecord } from '../../kill/book.ts'
import { reconcile, type Sides } from '../../kill/reconcile.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const record: BookRecord = {
  id: 1,
  dimension: 'requests',
  hour,
  quantity: 7,
  state: 'accepted',
  meteringRecordId: 'one',
  lastCode: null,
}
const bill = { dimension: 'requests', hour, quantity: 7, meteringRecordId: 'one' }
const call = { dimension: 'requests', hour, content: '{"UsageQuantity":7}', outcome: 'ok' }
const book: Book = {
  reported: new Map([['requests', 10_250_000n]]),
  open: new Map([['requests', 2_000_000n]]),
  fraction: new Map([['requests', 250_000n]]),
  voided: new Map([['requests', 1_000_000n]]),
  records: [record],
  registered: new Set(),
  ended: new Set(),
  faults: [],
}
const sides: Sides = {
  acknowledged: new Map([['requests', 10_250_000n]]),
  book,
  billed: [bill],
  calls: [call, call],
}

describe('the comparison of what was acknowledged, kept and billed', () => {
  test('finds nothing if every unit is in one place', () => {
    expect(reconcile(sides)).toEqual({ violations: [], unresolved: [] })
  })

  test.each<[string, Partial<Sides>, RegExp]>([
    [
      'a missing micro-unit',
      { acknowledged: new Map([['requests', 10_250_001n]]) },
      /^requests: acknowledged 10250001/,
    ],
    [
      'a dimension that was never acknowledged',
      { acknowledged: new Map() },
      /^requests: acknowledged 0/,
    ],
    [
      'usage that was billed and moved on',
      { book: { ...book, records: [{ ...record, state: 'moved' }] } },
      /was billed, and no record of the ledger says so$/,
    ],
    [
      'an accepted record that AWS does not have',
      { billed: [] },
      /accepted in the ledger, not the same at AWS$/,
    ],
    [
      'another MeteringRecordId than the ledger holds',
      { billed: [{ ...bill, meteringRecordId: 'two' }] },
      /accepted in the ledger, not the same at AWS$/,
    ],
    [
      'an hour that was sent to AWS in two ways',
      { calls: [call, { ...call, content: '{"UsageQuantity":8}' }] },
      /was sent as .*7.* and as .*8/,
    ],
    [
      'an hour that AWS calls a duplicate',
      { calls: [{ ...call, outcome: 'DuplicateRequestException' }] },
      /^requests of 2026-03-10T09:00:00.000Z was sent as/,
    ],
    ['a ledger that is itself wrong', { book: { ...book, faults: ['damaged'] } }, /^damaged$/],
  ])('finds %s', (_, change, violation) => {
    expect(reconcile({ ...sides, ...change }).violations).toContainEqual(
      expect.stringMatching(violation),
    )
  })

  test('counts an unresolved record once, billed or not', () => {
    const unresolved = { ...book, records: [{ ...record, state: 'unresolved' }] }
    for (const billed of [[bill], []])
      expect(reconcile({ ...sides, book: unresolved, billed })).toMatchObject({
        violations: [],
        unresolved: [expect.stringMatching(billed.length > 0 ? /, billed$/ : /, not billed$/)],
      })
  })
})
