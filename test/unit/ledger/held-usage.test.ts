import { expect, test } from 'vitest'
import { HeldUsage } from '../../../src/ledger/page/held-usage.ts'
import type { BookView, HeldKey } from '../../../src/store/view.ts'
import { accountFor } from '../../conformance/store/changes-for-tests.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const account = accountFor('requests')
const key: HeldKey = { account, resource: 'pod:1', hour: nine, reason: 'guard' }
const late: HeldKey = { ...key, reason: 'late' }

/** The usage of a book that holds 5 of one hour, and is asked for nothing else. */
function heldUsage(): HeldUsage {
  const stored = { ...key, id: 1, since: nine, quantity: 5n }
  const view: Partial<BookView> = {
    heldHours: () => [stored],
    heldCells: ({ reason }) => {
      if (reason !== key.reason) throw new Error('the book does not hold this')
      return [{ tags: '', quantity: 5n }]
    },
  }
  return new HeldUsage(view as BookView)
}

test('what this group has released is gone, and what it holds again is there alone', () => {
  const usage = heldUsage()
  const [held] = usage.hours()
  if (held === undefined) throw new Error('nothing is held')
  expect(usage.release(held)).toEqual([{ tags: '', quantity: 5n }])
  expect([usage.hours(), usage.cells(held)]).toEqual([[], []])
  usage.add(key, nine, '', 2n)
  expect(usage.cells(held)).toEqual([{ tags: '', quantity: 2n }])
  expect(usage.changes()).toMatchObject({ released: [{ id: 1 }], held: [{ reason: 'guard' }] })
})

test('what this group alone holds is neither looked for in the book nor released from it', () => {
  const usage = heldUsage()
  usage.add(late, nine, '', 3n)
  const own = usage.hours().find(({ reason }) => reason === 'late')
  if (own === undefined) throw new Error('nothing is held')
  expect(usage.cells(own)).toEqual([{ tags: '', quantity: 3n }])
  expect(usage.release(own)).toEqual([{ tags: '', quantity: 3n }])
  expect(usage.changes()).toEqual({ released: [], held: [] })
})
