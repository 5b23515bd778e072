import { describe, expect, test } from 'vitest'
import { heldOfRecord } from '../../../src/ledger/settling/held-of-record.ts'
import { reportSettled } from '../../../src/ledger/settling/report-settled.ts'
import { markAll, returnUsage, settleRecord } from '../../../src/ledger/settling/settle-record.ts'
import { Events } from '../../../src/kernel/events.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { MeteringRecord, Settlement } from '../../../src/metering/record/record.ts'
import { recordStates } from '../../../src/metering/record/record-states.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { older, storage } from '../../conformance/store/book-for-tests.ts'
import {
  nine,
  partOf,
  pod,
  progressOf,
  recordOf,
  tagged,
  unit,
} from '../../conformance/store/changes-for-tests.ts'

const now = nine + 2 * hourMs
const sent = {
  state: 'sending',
  inFlight: true,
  attempts: 1,
  firstAttemptAt: now - 1,
  lastAttemptAt: now - 1,
} as const

function recordWith(more: Partial<MeteringRecord> = {}): MeteringRecord {
  const parts = [partOf(storage, 20, { [untagged]: 5, [tagged('a')]: 15 }), partOf(older, 3)]
  const { content, ...sealed } = recordOf(nine, ...parts)
  return {
    ...sealed,
    ...content,
    id: 1,
    customer: '',
    divisor: 1000n,
    ...progressOf(sent),
    ...more,
  }
}

/** A page of a book that holds a record like this. */
function pageWith(...records: readonly Partial<MeteringRecord>[]) {
  const book = new ModelBook()
  for (const [index, more] of records.entries())
    book.records.set(index + 1, recordWith({ id: index + 1, ...more }))
  return openPage(book, pod)
}

function settle(more: Partial<MeteringRecord>, settlement: Settlement, at = now) {
  const page = pageWith(more)
  const record = settleRecord(page, 1, settlement, at)
  const { added, held } = page.changes()
  return { record, added, held }
}

const told = { code: 'SomeException', message: 'what AWS said' }
const noted = { lastCode: told.code, lastMessage: told.message }
const accepted = { kind: 'accepted', meteringRecordId: 'm-1' } as const
/** What the record's parts give back: to accounts of two divisors. */
const usageIn = (first: number, second = first) => [
  {
    account: storage,
    hour: first,
    added: new Map([
      [untagged, 5000n * unit],
      [tagged('a'), 15_000n * unit],
    ]),
  },
  { account: older, hour: second, added: new Map([[untagged, 30n * unit]]) },
]

describe('the answer to an attempt', () => {
  test.each<[string, Partial<MeteringRecord>, Settlement, Partial<MeteringRecord>]>([
    [
      'that AWS has it settles the record',
      { ambiguous: true, lastCode: 'x', lastMessage: 'y' },
      accepted,
      { state: 'accepted', ambiguous: false, settledAt: now, meteringRecordId: 'm-1' },
    ],
    [
      'that AWS did not take it leaves it sealed',
      {},
      { kind: 'not-taken', ...told },
      { state: 'sealed', ...noted },
    ],
    [
      'that AWS did not take it leaves it sending where an earlier answer was lost',
      { ambiguous: true },
      { kind: 'not-taken', ...told },
      { state: 'sending', ambiguous: true, ...noted },
    ],
    [
      'that was lost makes it ambiguous',
      {},
      { kind: 'unknown', ...told },
      { state: 'sending', ambiguous: true, ...noted },
    ],
    [
      'that AWS refuses it leaves it unsettled',
      {},
      { kind: 'refused', ...told },
      { state: 'refused', ...noted },
    ],
    [
      'that another quantity stands is for a person',
      {},
      { kind: 'another-stands', ...told },
      { state: 'unresolved', settledAt: now, ...noted },
    ],
    [
      'that its hour is taken is for a person where AWS may have it',
      { ambiguous: true },
      { kind: 'hour-taken', ...told },
      { state: 'unresolved', ambiguous: true, settledAt: now, ...noted },
    ],
    [
      'that it is too late is for a person where AWS may have it',
      { ambiguous: true },
      { kind: 'too-late', policy: 'hold', ...told },
      { state: 'unresolved', ambiguous: true, settledAt: now, ...noted },
    ],
    [
      'that it is too early in the hour that is now lets it wait',
      { ambiguous: true, hour: now },
      { kind: 'too-early', ...told },
      { state: 'sealed', ...noted },
    ],
  ])('%s', (_, more, settlement, expected) => {
    const { record, added, held } = settle(more, settlement)
    const nothing = { meteringRecordId: undefined, lastCode: undefined, lastMessage: undefined }
    expect(record).toEqual({
      ...recordWith({ ...more, ambiguous: false }),
      ...nothing,
      inFlight: false,
      settledAt: undefined,
      ...expected,
    })
    expect([added, held]).toEqual([[], []])
  })

  test.each<[string, Settlement, number, number]>([
    [
      'that its hour is taken moves its usage to the next',
      { kind: 'hour-taken', ...told },
      nine + 9 * hourMs,
      nine + hourMs,
    ],
    [
      'that it is too late moves its usage to the current hour',
      { kind: 'too-late', policy: 'carry', ...told },
      nine + 9 * hourMs + 1,
      nine + 9 * hourMs,
    ],
    [
      'that it is too late never moves its usage back, whatever the clock says',
      { kind: 'too-late', policy: 'carry', ...told },
      nine - 5 * hourMs,
      nine + hourMs,
    ],
    [
      'that it is too early moves its usage to the current hour',
      { kind: 'too-early', ...told },
      nine - 5 * hourMs + 1,
      nine - 5 * hourMs,
    ],
  ])('%s', (_, settlement, at, hour) => {
    const { record, added, held } = settle({}, settlement, at)
    expect(record).toMatchObject({
      state: 'moved',
      ambiguous: false,
      inFlight: false,
      settledAt: at,
      movedTo: hour,
      ...noted,
    })
    expect(added).toMatchObject(usageIn(hour))
    expect(held).toEqual([])
  })

  test.each<Settlement>([
    { kind: 'not-taken', ...told },
    { kind: 'unknown', ...told },
    { kind: 'too-late', policy: 'carry', ...told },
  ])(
    'says nothing of an attempt of another task or pod that took the record over: %o',
    (answer) => {
      const { record, added, held } = settle({ resource: 'pod:another' }, answer)
      expect([record, added, held]).toEqual([recordWith({ resource: 'pod:another' }), [], []])
    },
  )

  test('that AWS has it settles the record, even if another task sends it by then', () => {
    const { record } = settle({ resource: 'pod:another' }, accepted)
    expect(record).toMatchObject({ state: 'accepted', settledAt: now })
  })

  test('that it is too early makes it certain that AWS has none of it', () => {
    const { record } = settle({ ambiguous: true }, { kind: 'too-early', ...told }, nine - hourMs)
    expect(record).toMatchObject({ state: 'moved', ambiguous: false })
  })

  test('that it is too late holds its usage for its own hour where that is the policy', () => {
    const { record, added, held } = settle({}, { kind: 'too-late', policy: 'hold', ...told })
    expect(record).toMatchObject({ state: 'moved', settledAt: now, movedTo: undefined, ...noted })
    expect(added).toEqual([])
    const [first, second] = usageIn(nine)
    const key = { resource: pod, hour: nine, reason: 'late', since: now }
    expect(held).toMatchObject([
      { ...key, ...first },
      { ...key, ...second },
    ])
  })

  test('with the id of another record says that this one lost its hour', () => {
    const page = pageWith({}, { state: 'accepted', meteringRecordId: 'm-1' })
    expect(settleRecord(page, 1, accepted, now)).toMatchObject({
      state: 'moved',
      meteringRecordId: undefined,
      lastCode: 'MeteringRecordIdTaken',
      lastMessage:
        'AWS answered with MeteringRecordId m-1, which record 2 already has: another task or pod has sent this hour under the same identity.',
    })
  })

  test('needs its record', () => {
    expect(() => settleRecord(pageWith(), 4711, accepted, now)).toThrow('there is no record 4711')
  })
})

describe('an answer that comes after its record was settled otherwise', () => {
  const late = (more: Partial<MeteringRecord>, settlement: Settlement) =>
    settle({ settledAt: now - 1, ...more }, settlement).record

  test('ends the attempt, and makes the record ambiguous where it was lost', () => {
    const state = 'unresolved'
    const before = { state, inFlight: true, settledAt: now - 1 } as const
    const refused = { kind: 'refused', ...told } as const
    expect(late(before, refused)).toEqual(recordWith({ ...before, inFlight: false }))
    expect(late(before, { kind: 'unknown', ...told })).toEqual(
      recordWith({ ...before, inFlight: false, ambiguous: true }),
    )
    const ambiguous = { ...before, ambiguous: true }
    expect(late(ambiguous, refused)).toEqual(recordWith({ ...ambiguous, inFlight: false }))
  })

  test('changes nothing where no attempt is under way', () => {
    const before = { state: 'unresolved', inFlight: false, settledAt: now - 1 } as const
    expect(late(before, { kind: 'unknown', ...told })).toEqual(recordWith(before))
  })

  test('changes nothing where AWS has it already', () => {
    const before = {
      state: 'accepted',
      inFlight: true,
      meteringRecordId: 'm-0',
      settledAt: now - 1,
    } as const
    expect(late(before, accepted)).toEqual(recordWith(before))
  })

  test('accepts it where a person had to look', () => {
    const before = { state: 'unresolved', ambiguous: true, ...noted } as const
    expect(late(before, accepted)).toEqual(
      recordWith({
        state: 'accepted',
        inFlight: false,
        ambiguous: false,
        meteringRecordId: 'm-1',
        settledAt: now,
      }),
    )
  })

  test.each([
    ['been held: write that off', undefined],
    ['gone to a later hour, so that it may be billed twice', nine + hourMs],
  ])('says that its usage had %s', (what, movedTo) => {
    const before = { state: 'moved', settledAt: now - 1, movedTo } as const
    expect(late(before, accepted)).toEqual(
      recordWith({
        ...before,
        inFlight: false,
        meteringRecordId: 'm-1',
        lastCode: 'AcceptedAfterMove',
        lastMessage: `AWS accepted it after its usage had ${what}.`,
      }),
    )
  })
})

test('usage goes back to the first open hour of each account, and the earliest of them is told', () => {
  const page = pageWith({})
  const guarded = { account: storage, resource: pod, hour: nine + hourMs, reason: 'guard' } as const
  const cell = { tags: untagged, quantity: unit }
  // As it was reported before.
  page.count(storage, unit)
  page.hold(guarded, [cell], nine)
  const record = recordWith()
  page.update(record, { state: 'moved' })
  expect(returnUsage(page, record, nine + hourMs)).toBe(nine + hourMs)
  expect(page.changes().added).toMatchObject(usageIn(nine + 2 * hourMs, nine + hourMs))
  expect(page.unguarded({ account: older, hour: nine + hourMs, resource: page.resource })).toBe(
    30n * unit,
  )
})

describe('an attempt', () => {
  test('is noted, with the time of the first one', () => {
    const sealed = { state: 'sealed', inFlight: false, attempts: 0 } as const
    const page = pageWith({ ...sealed, firstAttemptAt: undefined, lastAttemptAt: undefined })
    const first = { state: 'sending', inFlight: true, attempts: 1, firstAttemptAt: now } as const
    expect(markAll(page, [1], now)).toEqual([recordWith({ ...first, lastAttemptAt: now })])
    expect(markAll(page, [1], now + 1)).toEqual([
      recordWith({ ...first, ambiguous: true, attempts: 2, lastAttemptAt: now + 1 }),
    ])
  })

  test.each(recordStates.map((state) => [state]))(
    'begins for a record that is %s only while it waits',
    (state) => {
      const waits = ['sealed', 'sending', 'refused'].includes(state)
      expect(markAll(pageWith({ state }), [1], now)).toHaveLength(waits ? 1 : 0)
    },
  )

  test('has no records of another product, and none that are not there', () => {
    const page = pageWith({}, { productCode: 'other' }, {})
    expect(markAll(page, [4711, 1, 4712, 2, 3], now).map(({ id }) => id)).toEqual([1, 3])
  })
})

describe('those who watch hear of a settled record', () => {
  function heard(more: Partial<MeteringRecord>, kind: Settlement['kind']) {
    const events = new Events()
    const all: unknown[] = []
    events.on('usageHeld', (event) => all.push(['held', event]))
    events.on('recordMoved', (event) => all.push(['moved', event]))
    reportSettled(events, recordWith(more), kind)
    return all
  }
  const moved = { state: 'moved', movedTo: nine + hourMs } as const
  const quantity = 20_030n * unit

  test('that its usage moved, and why', () => {
    const event = { id: 1, dimension: 'storage', fromHour: nine, toHour: nine + hourMs }
    expect(heard({ ...moved, lastCode: 'Code' }, 'too-late')).toEqual([
      ['moved', { ...event, code: 'Code' }],
    ])
    expect(heard(moved, 'too-early')).toEqual([['moved', { ...event, code: 'too-early' }]])
  })

  test('that its usage is held, where it came too late', () => {
    const held = { dimension: 'storage', hour: nine, quantity, reason: 'late', limit: undefined }
    expect(heard({ ...moved, movedTo: undefined }, 'too-late')).toEqual([['held', held]])
    expect(heard({ ...moved, movedTo: undefined }, 'accepted')).toEqual([])
  })

  test('nothing where its usage stays in it', () => {
    expect(heard({ ...moved, state: 'unresolved' }, 'too-late')).toEqual([])
  })

  test('all that was in it', () => {
    expect(heldOfRecord(recordWith())).toEqual({ dimension: 'storage', hour: nine, quantity })
  })
})
