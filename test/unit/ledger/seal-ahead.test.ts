import { describe, expect, test } from 'vitest'
import { dueHours } from '../../../src/ledger/sealing/seal-hours.ts'
import { resealRecord } from '../../../src/ledger/sealing/reseal-record.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { slotOf } from '../../../src/metering/slot.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { closedName, ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const ten = nine + hourMs
const eleven = ten + hourMs
const now = nine + 60_000
const key = {
  productCode: 'product',
  customer: '',
  dimension: 'requests',
  divisor: 1n,
  aggregate: 'sum',
  scope: 'resource',
} as const
const account = accountOf(key)
const request = {
  before: nine,
  now,
  plan: () => expect.unreachable('nothing is sealed here'),
  zeroHours: [],
}

/** A page of pod:1 in a book with this open usage by hour, and these records of 4 each. */
function pageWith(open: readonly number[], ...records: readonly Partial<MeteringRecord>[]) {
  const book = new ModelBook()
  const before = openPage(book, 'pod:1')
  before.takeOwnership(nine)
  for (const hour of open) {
    before.count(account, 1n)
    before.add(account, hour, '', 1n)
  }
  book.apply(before.changes())
  for (const [index, more] of records.entries()) {
    const parts = [{ account: key, quantity: 4n, allocations: undefined }]
    const slot = slotOf(key, 'pod:1')
    const record = { ...recordOf('pod:1', eleven, index + 1), parts, slot, ...more }
    book.records.set(record.id, record)
  }
  return openPage(book, 'pod:1')
}

describe('hours that have not begun at AWS', () => {
  test('stay where nothing is to be folded back', () => {
    const page = pageWith([ten, eleven], {})
    expect(dueHours(page, request)).toEqual({ hours: [], areAll: true })
    expect(page.openHours(Number.POSITIVE_INFINITY).map(({ hour }) => hour)).toEqual([ten, eleven])
    expect(page.record(1)).toMatchObject({ state: 'sealed' })
  })

  test('give their usage to the current hour where they start after the instant that is asked for', () => {
    const page = pageWith([nine, ten, eleven])
    dueHours(page, { ...request, foldAfter: ten })
    const hours = page.openHours(Number.POSITIVE_INFINITY)
    expect(hours.map((open) => [open.hour, page.cells(open)])).toEqual([
      [nine, [{ tags: '', quantity: 2n }]],
      [ten, [{ tags: '', quantity: 1n }]],
    ])
  })

  test('take along how much of them the guard does not count', () => {
    const book = new ModelBook()
    const before = openPage(book, 'pod:1')
    before.takeOwnership(nine)
    before.count(account, 6n)
    before.addUnguarded(account, eleven, 'a', 2n)
    before.add(account, eleven, 'b', 4n)
    book.apply(before.changes())
    const page = openPage(book, 'pod:1')
    dueHours(page, { ...request, foldAfter: ten })
    const [there, here] = [eleven, nine].map((hour) =>
      page.unguarded({ account, hour, resource: 'pod:1' }),
    )
    expect([there, here]).toEqual([0n, 2n])
    expect(page.cells({ account, resource: 'pod:1', hour: nine })).toEqual([
      { tags: 'a', quantity: 2n },
      { tags: 'b', quantity: 4n },
    ])
  })

  test('are left as they are where every hour before them has its record', () => {
    const book = new ModelBook()
    const before = openPage(book, 'pod:1')
    before.takeOwnership(nine)
    before.count(account, 1n)
    before.addUnguarded(account, eleven, '', 1n)
    book.apply(before.changes())
    const page = openPage(book, 'pod:1')
    const slot = page.slotOf(account).name
    for (const hour of [nine, ten]) book.closed.set(closedName(slot, hour), 1)
    dueHours(page, { ...request, foldAfter: ten })
    const { emptied, added } = page.changes()
    expect([emptied, added]).toEqual([[], []])
    expect(page.unguarded({ account, hour: eleven, resource: 'pod:1' })).toBe(1n)
  })

  test('give that of records that were never sent too, which say why', () => {
    const page = pageWith([], {})
    dueHours(page, { ...request, foldAfter: ten })
    expect(page.record(1)).toMatchObject({
      state: 'moved',
      lastCode: 'AheadOfAws',
      lastMessage:
        "The clock that sealed it was ahead of AWS's, so its usage goes to the current hour.",
      settledAt: now,
      movedTo: nine,
    })
    expect(page.cells({ account, resource: 'pod:1', hour: nine })).toEqual([
      { tags: '', quantity: 4n },
    ])
    expect(page.changes().added).toHaveLength(1)
  })

  test.each<[string, Partial<MeteringRecord>]>([
    ['AWS may have', { ambiguous: true }],
    ['are on their way', { state: 'sending' }],
    ['AWS refused', { state: 'refused' }],
    ['are of another pod', { resource: 'pod:2' }],
    ['are not of an hour after the instant', { hour: ten }],
  ])('leave records alone that %s', (_, more) => {
    const page = pageWith([], more)
    const before = page.record(1)
    dueHours(page, { ...request, foldAfter: ten })
    expect(page.record(1)).toEqual(before)
  })
})

test('hours that start before the instant are due, and are all of them', () => {
  const page = pageWith([nine - hourMs, nine, ten])
  const { hours, areAll } = dueHours(page, { ...request, before: ten })
  expect([hours.map(({ hour }) => hour), areAll]).toEqual([[nine - hourMs, nine], true])
})

describe('a record is sealed again', () => {
  const allocations = [{ tags: 'a', quantity: 4n }]
  const tokenOf = (
    resource: string,
    { timestamp, allocations: tagged }: object & Pick<MeteringRecord, 'timestamp' | 'allocations'>,
  ) => `${resource} ${timestamp} ${tagged === undefined ? 'untagged' : 'tagged'}`
  const reseal = (more: Partial<MeteringRecord>) => {
    const page = pageWith([], { hour: nine, timestamp: nine, allocations, ...more })
    return { resealed: resealRecord(page, 1, now, tokenOf), changes: page.changes() }
  }

  test.each(['InvalidTagException', 'InvalidUsageAllocationsException'])(
    'without its tags after %s, at the same time',
    (lastCode) => {
      const { resealed, changes } = reseal({ state: 'refused', lastCode })
      const content = { timestamp: nine, clientToken: `pod:1 ${nine} untagged` }
      expect(resealed).toMatchObject({ state: 'sealed', allocations: undefined, ...content })
      expect(resealed?.parts).toMatchObject([{ quantity: 4n, allocations: undefined }])
      expect([...changes.resealed]).toEqual([[1, { ...content, isUntagged: true }]])
    },
  )

  test('with the time of AWS where its own is ahead, and keeps its tags', () => {
    const { resealed, changes } = reseal({ timestamp: now + 1 })
    expect(resealed).toMatchObject({ state: 'sealed', allocations })
    expect(resealed?.timestamp).toBeLessThanOrEqual(now)
    expect(resealed?.clientToken).toBe(`pod:1 ${resealed?.timestamp} tagged`)
    expect([...changes.resealed.values()]).toMatchObject([{ isUntagged: false }])
  })

  test.each<[string, Partial<MeteringRecord>]>([
    ['its time is that of AWS', { timestamp: now }],
    ['its hour has not begun', { hour: ten, timestamp: ten }],
    ['AWS may have it', { ambiguous: true, timestamp: now + 1 }],
    ['it is on its way', { state: 'sending', timestamp: now + 1 }],
    ['AWS refused something else', { state: 'refused', lastCode: 'InvalidProductCodeException' }],
    [
      'it has no tags',
      { state: 'refused', lastCode: 'InvalidTagException', allocations: undefined },
    ],
    ['it was not refused', { state: 'accepted', lastCode: 'InvalidTagException' }],
  ])('never where %s', (_, more) => {
    const { resealed, changes } = reseal(more)
    expect(resealed).toBeUndefined()
    expect([changes.resealed.size, changes.records.size]).toEqual([0, 0])
  })

  test('never where there is none', () => {
    expect(resealRecord(pageWith([]), 1, now, tokenOf)).toBeUndefined()
  })
})
