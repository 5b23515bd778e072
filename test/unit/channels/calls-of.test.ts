import { expect, test } from 'vitest'
import { callsOf } from '../../../src/channels/calls-of.ts'
import type { PendingRecord } from '../../../src/store/summary.ts'

const record = (id: number): PendingRecord => ({
  id,
  slot: id,
  hour: 0,
  state: 'sealed',
  lastCode: undefined,
})
const callsWith = (ids: readonly number[], sizeOf: (id: number) => number) =>
  callsOf(ids.map(record), sizeOf).map((call) => call.map(({ id }) => id))

test('records are sent as many at a time as a call may have, in their order', () => {
  expect(callsWith([1, 2, 3, 4, 5], () => 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(callsWith([1, 2], () => 1)).toEqual([[1], [2]])
  expect(callsWith([], () => 2)).toEqual([])
})

test('a record whose call must be smaller is sent with those of the same size', () => {
  expect(callsWith([1, 2, 3, 4, 5, 6], (id) => (id % 2 === 0 ? 2 : 3))).toEqual([
    [1, 3, 5],
    [2, 4],
    [6],
  ])
})
