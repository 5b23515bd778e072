import { describe, expect, test } from 'vitest'
import { closeForeignReadings, closeReadings } from '../../../src/ledger/readings/close-readings.ts'
import { accountOf, type Scope } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { clusterHolder } from '../../../src/metering/slot.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { SharedRole } from '../../../src/store/view.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const eight = Date.parse('2026-03-10T08:00:00Z')
const nine = eight + hourMs
const ten = nine + hourMs
const now = ten + 60_000

interface Member {
  readonly name: string
  readonly hour: number
  readonly scope?: Scope
  readonly resource?: string
  readonly dimension?: string
  readonly quantity?: bigint
}

/** A book in which tasks have seen members of an hour that are no amount yet. */
function bookOf(...members: readonly Member[]): ModelBook {
  return bookWith('unique', ...members)
}

function bookWith(aggregate: 'unique' | 'max', ...members: readonly Member[]): ModelBook {
  const book = new ModelBook()
  for (const resource of [clusterHolder, 'task/two', 'task/one']) {
    const page = openPage(book, resource)
    page.takeOwnership(eight)
    book.apply(page.changes())
  }
  const page = openPage(book, 'task/one')
  for (const each of members) {
    const { name, hour, scope = 'cluster', resource = 'task/one', dimension = 'users' } = each
    const meaning = { productCode: 'product', customer: '', divisor: 1n } as const
    const account = accountOf({ ...meaning, dimension, aggregate, scope })
    const { quantity = unit } = each
    const reading = { tags: untagged, key: name, quantity, at: hour, until: hour }
    page.readings.put({ account, resource, hour }, reading, true)
  }
  book.apply(page.changes())
  return book
}

function close(book: ModelBook, role: SharedRole, sharedBefore: number) {
  const page = openPage(book, 'task/one', { role })
  const closed = closeReadings(page, { before: ten, sharedBefore, now })
  book.apply(page.changes())
  return closed.map(({ dimension, hour, quantity }) => [dimension, hour, Number(quantity / unit)])
}

describe('readings that all tasks share', () => {
  const inThreeHours = () =>
    bookOf({ name: 'ada', hour: eight }, { name: 'ada', hour: nine }, { name: 'ada', hour: ten })

  test('are closed before the same instant as others by a task that is alone', () => {
    expect(close(inThreeHours(), 'alone', nine)).toEqual([
      ['users', eight, 1],
      ['users', nine, 1],
    ])
  })

  test('are closed only where their hour starts before the shared instant while others live', () => {
    expect(close(inThreeHours(), 'submitter', nine)).toEqual([['users', eight, 1]])
  })

  test('are left to the task that submits them', () => {
    const book = bookOf(
      { name: 'ada', hour: eight },
      { name: 'bob', hour: eight, scope: 'resource', dimension: 'seats' },
    )
    expect(close(book, 'member', ten)).toEqual([['seats', eight, 1]])
    expect(close(book, 'submitter', ten)).toEqual([['users', eight, 1]])
  })

  test('are one amount of an hour for all that saw them, and apart by dimension and hour', () => {
    const book = bookOf(
      { name: 'ada', hour: eight },
      { name: 'ada', hour: eight, resource: 'task/two' },
      { name: 'bob', hour: eight, resource: 'task/two' },
      { name: 'ada', hour: nine, resource: 'task/two' },
      { name: 'ada', hour: eight, dimension: 'admins' },
    )
    expect(close(book, 'alone', ten)).toEqual([
      ['users', eight, 2],
      ['admins', eight, 1],
      ['users', nine, 1],
    ])
  })
})

test('readings of hours that lie ahead are closed where hours after an instant fold', () => {
  const book = bookOf(
    { name: 'ada', hour: nine, scope: 'resource', dimension: 'seats' },
    { name: 'ada', hour: ten, scope: 'resource', dimension: 'seats' },
    { name: 'ada', hour: ten + hourMs, scope: 'resource', dimension: 'seats' },
  )
  const page = openPage(book, 'task/one')
  const closed = closeReadings(page, { before: ten, foldAfter: ten, now: ten + 2 * hourMs })
  expect(closed.map(({ hour }) => hour)).toEqual([nine, ten + hourMs])
})

test.each([false, true])('a reading of nothing that a task left is no usage (held: %s)', (hold) => {
  const nothing = { name: '', hour: eight, scope: 'resource', resource: 'task/two' } as const
  const page = openPage(bookWith('max', { ...nothing, quantity: 0n }), 'task/one')
  expect(closeForeignReadings(page, now, hold)).toEqual([])
  expect(page.readings.openHours()).toEqual([])
  const { held, added } = page.changes()
  expect([held, added]).toEqual([[], []])
})

test.each([false, true])(
  'of what tasks left, only what they do not share is taken over (held: %s)',
  (hold) => {
    const book = bookOf(
      { name: 'ada', hour: eight, scope: 'resource', dimension: 'own' },
      { name: 'ada', hour: eight, scope: 'resource', dimension: 'left', resource: 'task/two' },
      { name: 'ada', hour: eight, resource: 'task/two' },
    )
    const page = openPage(book, 'task/one')
    const taken = closeForeignReadings(page, now, hold)
    expect(taken).toEqual([{ dimension: 'left', hour: hold ? eight : ten, quantity: unit }])
    expect(page.changes().held.map(({ hour, reason }) => [hour, reason])).toEqual(
      hold ? [[eight, 'adopted']] : [],
    )
    expect(page.readings.openHours().map(({ account }) => account.key.dimension)).toEqual([
      'own',
      'users',
    ])
  },
)
