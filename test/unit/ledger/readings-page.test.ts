import { describe, expect, test } from 'vitest'
import { closeHourOfAll, placeOfAll } from '../../../src/ledger/readings/close-hour-of-all.ts'
import { readingRulesOf } from '../../../src/ledger/readings/reading-rules.ts'
import { Readings } from '../../../src/ledger/readings/readings.ts'
import { accountOf, type Aggregate } from '../../../src/metering/account.ts'
import type { Reading } from '../../../src/metering/reading.ts'
import { clusterHolder } from '../../../src/metering/slot.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { readingsOf } from '../../support/store/model-view.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const accountWith = (aggregate: Aggregate) =>
  accountOf({
    productCode: 'product',
    customer: '',
    dimension: 'seats',
    divisor: 1n,
    aggregate,
    scope: 'cluster',
  })
const account = accountWith('max')
const open = { account, resource: 'pod:1', hour: nine }
const readingOf = (tags: string, quantity: bigint, key = ''): Reading => ({
  tags,
  key,
  quantity,
  at: nine,
  until: nine,
})
const a = readingOf('a', 1n)
const b = readingOf('b', 2n)

/** A book that owners of these names have had. */
function bookOwnedBy(...owners: readonly string[]): ModelBook {
  const book = new ModelBook()
  for (const owner of owners) {
    const page = openPage(book, owner)
    page.takeOwnership(nine)
    book.apply(page.changes())
  }
  return book
}

describe('the readings of an hour, while a group changes them,', () => {
  /** An hour in which the book has the readings a and b. */
  function stored() {
    const book = bookOwnedBy('pod:1')
    const page = openPage(book, 'pod:1')
    for (const each of [a, b]) page.readings.put(open, each, true)
    book.apply(page.changes())
    return { book, readings: new Readings(readingsOf(book)) }
  }
  const hour = { ...open, closed: false, count: 2 }

  test('are those of the book as long as nothing changes', () => {
    const { readings } = stored()
    expect(readings.all(open)).toEqual([a, b])
    expect(readings.one(open, 'a', '')).toEqual(a)
    expect(readings.hour(open)).toEqual(hour)
    expect(readings.openHours()).toEqual([hour])
    expect(readings.changes()).toBeUndefined()
  })

  test('are none in an hour that never had one, which is open', () => {
    const { readings } = stored()
    const other = { ...open, resource: 'pod:2' }
    expect(readings.hour(other)).toEqual({ ...other, closed: false, count: 0 })
    expect([readings.all(other), readings.one(other, 'a', '')]).toEqual([[], undefined])
  })

  test('are those of the book under those that it puts', () => {
    const { readings } = stored()
    const more = readingOf('a', 5n)
    const further = readingOf('a', 7n, 'ada')
    readings.put(open, more, false)
    readings.put(open, further, true)
    expect(readings.all(open)).toEqual([more, b, further])
    expect(readings.one(open, 'a', '')).toEqual(more)
    expect(readings.one(open, 'b', '')).toEqual(b)
    expect(readings.one(open, 'b', 'ada')).toBeUndefined()
    const changed = { ...hour, count: 3 }
    expect(readings.openHours()).toEqual([changed])
    const rows = [more, further].map((reading) => ({ ...open, reading }))
    expect(readings.changes()).toEqual({ dropped: [], hours: [changed], rows })
  })

  test('stay where it closes the hour and late ones are compared with them', () => {
    const { readings } = stored()
    readings.close(open, true)
    expect(readings.all(open)).toEqual([a, b])
    expect(readings.one(open, 'a', '')).toEqual(a)
    expect(readings.openHours()).toEqual([])
    const hours = [{ ...hour, closed: true }]
    expect(readings.changes()).toEqual({ dropped: [], hours, rows: [] })
  })

  test('go where it closes the hour for good', () => {
    const { readings } = stored()
    readings.put(open, readingOf('a', 5n), false)
    readings.close(open, false)
    expect(readings.all(open)).toEqual([])
    expect(readings.one(open, 'a', '')).toBeUndefined()
    expect(readings.openHours()).toEqual([])
    const closed = { ...open, closed: true, count: 0 }
    expect(readings.changes()).toEqual({ dropped: [closed], hours: [closed], rows: [] })
  })

  test('are what the hour gave where it is closed early, until it is opened again', () => {
    const { readings } = stored()
    const given = readingOf('a', 9n, 'closed')
    readings.closeEarly(open, [given])
    expect(readings.all(open)).toEqual([given])
    expect(readings.hour(open)).toEqual({ ...open, closed: true, count: 0 })
    readings.reopen(open)
    const reopened = { ...open, closed: false, count: 0 }
    expect(readings.openHours()).toEqual([reopened])
    expect(readings.changes()).toEqual({
      dropped: [reopened],
      hours: [reopened],
      rows: [{ ...open, reading: given }],
    })
  })

  test('are as if they never were where it forgets the hour, until one comes', () => {
    const { book, readings } = stored()
    readings.put(open, readingOf('a', 5n), false)
    readings.forget(open)
    const empty = { ...open, closed: false, count: 0 }
    expect(readings.all(open)).toEqual([])
    expect(readings.one(open, 'a', '')).toBeUndefined()
    expect(readings.hour(open)).toEqual(empty)
    expect(readings.openHours()).toEqual([])
    expect(readings.changes()).toEqual({ dropped: [empty], hours: [], rows: [] })
    readings.put(open, b, true)
    expect(readings.all(open)).toEqual([b])
    expect(readings.openHours()).toEqual([{ ...empty, count: 1 }])
    expect(book.readings.size).toBe(2)
  })

  test('are apart by account, task or pod, and hour', () => {
    const { readings } = stored()
    const others = [
      { ...open, account: accountWith('last') },
      { ...open, resource: 'pod:2' },
      { ...open, hour: nine + 1 },
    ]
    for (const other of others) readings.put(other, b, true)
    readings.close(open, false)
    expect(others.map((other) => readings.all(other))).toEqual([[b], [b], [b]])
    expect(readings.openHours()).toEqual(
      others.map((other) => ({ ...other, closed: false, count: 1 })),
    )
  })
})

describe('what several tasks or pods read in one hour', () => {
  function pageWith(aggregate: Aggregate, read: Readonly<Record<string, readonly Reading[]>>) {
    const book = bookOwnedBy(clusterHolder, 'pod:2', 'pod:1')
    const page = openPage(book, 'pod:1')
    const opens = Object.keys(read).map((resource) => ({
      account: accountWith(aggregate),
      resource,
      hour: nine,
    }))
    for (const each of opens)
      for (const reading of read[each.resource] ?? []) page.readings.put(each, reading, true)
    return { book, page, opens }
  }

  test('comes to nothing where none has read anything', () => {
    const { page } = pageWith('max', {})
    expect(closeHourOfAll(page, [], nine)).toEqual([])
    expect(page.readings.changes()).toBeUndefined()
  })

  test('is the largest value of each tag set, and afterwards only the rise', () => {
    const { page, opens } = pageWith('max', { 'pod:1': [a, b], 'pod:2': [readingOf('a', 4n)] })
    const amount = { dimension: 'seats', hour: nine }
    expect(closeHourOfAll(page, opens, nine)).toEqual([{ ...amount, quantity: 6n }])
    const [first = open] = opens
    const place = placeOfAll(first)
    expect(place).toEqual({ ...first, resource: clusterHolder })
    expect(page.readings.hour(place)).toEqual({ ...place, closed: true, count: 2 })
    expect(page.readings.all(place)).toEqual([readingOf('a', 4n), b])
    expect(opens.map((each) => [page.readings.all(each), page.readings.hour(each).closed])).toEqual(
      [
        [[], true],
        [[], true],
      ],
    )
    page.readings.put(first, readingOf('a', 7n), true)
    page.readings.put(first, readingOf('b', 1n), true)
    expect(closeHourOfAll(page, [first], nine)).toEqual([{ ...amount, quantity: 3n }])
    expect(page.cells({ ...first, resource: 'pod:1' })).toEqual([
      { tags: 'a', quantity: 7n },
      { tags: 'b', quantity: 2n },
    ])
    page.readings.put(first, readingOf('a', 7n), true)
    expect(closeHourOfAll(page, [first], nine)).toEqual([])
    expect(page.changes().accounts.map(({ reported }) => reported)).toEqual([9n])
  })

  test('is written only where it rises', () => {
    const { book, page, opens } = pageWith('max', { 'pod:1': [a, b] })
    closeHourOfAll(page, opens, nine)
    book.apply(page.changes())
    const next = openPage(book, 'pod:1')
    const [first = open] = opens
    const more = readingOf('a', 7n)
    next.readings.put(first, more, true)
    next.readings.put(first, b, true)
    closeHourOfAll(next, opens, nine)
    const { added, readings } = next.changes()
    expect(added.map((each) => [...each.added])).toEqual([[['a', 6n]]])
    expect(readings?.rows).toEqual([{ ...placeOfAll(first), reading: more }])
  })

  test('is each member once, even if several resources saw it', () => {
    const ada = readingOf('', 1n, 'ada')
    const bob = readingOf('', 1n, 'bob')
    const { page, opens } = pageWith('unique', { 'pod:1': [ada], 'pod:2': [ada, bob] })
    expect(closeHourOfAll(page, opens, nine)).toMatchObject([{ quantity: 2_000_000n }])
  })
})

describe('the rules for readings', () => {
  const plain = { productCode: 'product', divisor: 1n }

  test('have the limits and the secret of the product, where it has readings', () => {
    const readings = { maxReadings: 7, newSecret: () => 'secret' }
    const rules = readingRulesOf({ meaningOf: () => plain, readings })
    expect([rules.maxReadings, rules.newSecret()]).toEqual([7, 'secret'])
  })

  test('admit no reading and have no secret where the product has sums alone', () => {
    const rules = readingRulesOf({ meaningOf: () => plain })
    expect(rules.maxReadings).toBe(0)
    expect(() => rules.newSecret()).toThrow(new TypeError('the ledger has no secret for members'))
  })

  test('let a value stand as long as the product file says, else for five minutes', () => {
    const meaningOf = (dimension: string) =>
      dimension === 'gone'
        ? undefined
        : dimension === 'seats'
          ? { ...plain, staleAfterMs: 9 }
          : plain
    const { staleAfterMs } = readingRulesOf({ meaningOf })
    expect(['seats', 'hosts', 'gone'].map(staleAfterMs)).toEqual([9, 300_000, 300_000])
  })

  test('see that a clock was set back by more than ten seconds', () => {
    const { isSetBack } = readingRulesOf({ meaningOf: () => plain })
    const shown = [
      nine,
      nine - 10_000,
      nine - 10_001,
      nine - 1,
      nine + 5,
      nine - 9_995,
      nine - 9_996,
    ]
    expect(shown.map(isSetBack)).toEqual([false, false, true, false, false, false, true])
  })
})
