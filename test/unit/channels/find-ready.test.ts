import { describe, expect, test } from 'vitest'
import { findReady } from '../../../src/channels/find-ready.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { batchMeterUsageWindow } from '../../../src/metering/record/record-window.ts'
import type { PendingPage, PendingRecord } from '../../../src/store/summary.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')

function record(id: number, some: Partial<PendingRecord> = {}): PendingRecord {
  return { id, slot: id, hour: nine, state: 'sealed', lastCode: undefined, ...some }
}

/** Looks through a queue of these records; `waits` and `pauses` are by id. */
function look(
  records: readonly PendingRecord[],
  some: { waits?: Record<number, number>; pauses?: Record<number, number>; busy?: number[] } = {},
) {
  const { waits = {}, pauses = {}, busy = [] } = some
  const pages: number[] = []
  const pendingRecords = async ({ after, limit }: PendingPage = {}) => {
    const from = records.findIndex(
      ({ hour, id }) => hour > (after?.hour ?? 0) || (hour === after?.hour && id > after.id),
    )
    const page = from === -1 ? [] : records.slice(from, from + (limit ?? records.length))
    pages.push(page.length)
    return page
  }
  const found = findReady({
    ledger: { pendingRecords },
    now: nine + 2 * hourMs,
    window: batchMeterUsageWindow,
    busy: new Set(busy),
    pauseOf: ({ id }) => pauses[id] ?? 0,
    waitOf: ({ id }) => waits[id] ?? 0,
  })
  return found.then(({ ready, ...rest }) => ({ ...rest, ready: ready.map(({ id }) => id), pages }))
}

const many = (length: number, some: Partial<PendingRecord> = {}) =>
  Array.from({ length }, (_, index) => record(index + 1, some))

describe('the records that can be sent next', () => {
  test('are found without a look at the others', async () => {
    const { ready, isWhole, pages } = await look(many(30_000))
    expect([ready.length, isWhole, pages]).toEqual([500, false, [500]])
  })

  test('are looked for behind thousands that wait', async () => {
    const waits = Object.fromEntries(many(2100).map(({ id }) => [id, 60_000 + id]))
    const { ready, wait, isWhole, pages, looked } = await look(many(2102), { waits })
    expect([ready, wait, isWhole]).toEqual([[2101, 2102], 60_001, true])
    expect([pages, looked]).toEqual([[500, 500, 500, 500, 102], 2102])
  })

  test('are the oldest of each slot, and none of a slot with an attempt under way', async () => {
    const records = [
      record(1, { slot: 7 }),
      record(2, { slot: 8 }),
      record(3, { slot: 7, hour: nine + hourMs }),
      record(4, { slot: 9, hour: nine + hourMs }),
    ]
    expect((await look(records, { busy: [8] })).ready).toEqual([1, 4])
    expect((await look(records, { waits: { 1: 5 } })).ready).toEqual([2, 4])
    expect((await look(records, { pauses: { 1: 5 } })).ready).toEqual([2, 3, 4])
  })

  test('come before those whose window is over, of any slot', async () => {
    const old = nine - 30 * hourMs
    const records = [
      record(1, { slot: 7, hour: old }),
      record(2, { slot: 8, hour: old }),
      record(3, { slot: 8, hour: old + hourMs }),
      record(4, { slot: 7 }),
    ]
    expect((await look(records)).ready).toEqual([4, 2])
  })

  test('are none, and nothing is left, where all were refused and wait', async () => {
    const records = many(3, { state: 'refused' })
    const waiting = await look(records, { pauses: { 1: 9, 2: 8, 3: 7 } })
    expect(waiting).toMatchObject({ ready: [], wait: 7, isLeft: false, isWhole: true })
    expect(await look(records, { pauses: { 1: 9, 2: 8 } })).toMatchObject({ isLeft: true })
  })
})
