import { expect, test } from 'vitest'
import { PendingQueue } from '../../../src/channels/pending-queue.ts'
import type { PendingRecord } from '../../../src/store/summary.ts'

const record = (id: number): PendingRecord => ({
  id,
  slot: id,
  hour: 0,
  state: 'sealed',
  lastCode: undefined,
})

test('keeps the order in which records were read, as attempts leave them', () => {
  const queue = new PendingQueue()
  expect(queue.isFresh).toBe(false)
  queue.hold([record(3), record(1), record(2)])
  expect(queue.isFresh).toBe(true)
  queue.update(1, { state: 'refused', lastCode: 'X' })
  queue.update(3, { state: 'accepted', lastCode: undefined })
  queue.update(9, { state: 'sealed', lastCode: undefined })
  expect(queue.records.map(({ id, state }) => [id, state])).toEqual([
    [1, 'refused'],
    [2, 'sealed'],
  ])
  queue.outdate()
  expect(queue.isFresh).toBe(false)
  expect(queue.records).toHaveLength(2)
})

test.each(['unresolved', 'moved'] as const)('leaves out what is %s', (state) => {
  const queue = new PendingQueue()
  queue.hold([record(1)])
  queue.update(1, { state, lastCode: 'X' })
  expect(queue.records).toEqual([])
})
