import { describe, expect, test } from 'vitest'
import { writeOffRecord, writeOffUsage } from '../../../src/ledger/decisions/write-off.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const accountWith = (divisor: bigint) =>
  accountOf({
    productCode: 'product',
    customer: '',
    dimension: 'requests',
    divisor,
    aggregate: 'sum',
    scope: 'resource',
  })
const account = accountWith(1n)
const wanted = { dimension: 'requests', tags: undefined, customer: '', reason: 'test' }

/** A page of a book with this open usage, of which the guard does not count so much. */
function pageWith(cells: Readonly<Record<string, bigint>>, unguarded: bigint) {
  const book = new ModelBook()
  const page = openPage(book, 'pod:1')
  page.takeOwnership(0)
  let free = unguarded
  for (const [tags, quantity] of Object.entries(cells)) {
    const part = quantity < free ? quantity : free
    free -= part
    page.count(account, quantity)
    if (part > 0n) page.addUnguarded(account, 0, tags, part)
    if (quantity > part) page.add(account, 0, tags, quantity - part)
  }
  book.apply(page.changes())
  return openPage(book, 'pod:1')
}

test.each([
  [{ a: 2n, b: 4n }, 3n, 1n, { a: 1n, b: 4n }, 3n],
  [{ a: 2n, b: 4n }, 3n, 2n, { b: 4n }, 3n],
  [{ a: 4n }, 3n, 3n, { a: 1n }, 1n],
  [{ a: 4n }, 3n, 1n, { a: 3n }, 3n],
  [{ a: 4n, b: 1n }, 0n, 1n, { a: 3n, b: 1n }, 0n],
  [{ a: 4n, b: 2n }, 6n, 1n, { a: 3n, b: 2n }, 5n],
])(
  'of %o with %i that no guard counts, %i are written off and %o stay, %i of them uncounted',
  (cells, unguarded, quantity, rest, uncounted) => {
    const page = pageWith(cells, unguarded)
    writeOffUsage(page, { ...wanted, quantity }, 7)
    const open = { account, resource: 'pod:1', hour: 0 }
    const left = page.cells(open).map((cell) => [cell.tags, cell.quantity])
    expect(Object.fromEntries(left)).toEqual(rest)
    expect(page.unguarded({ account, hour: 0, resource: 'pod:1' })).toBe(uncounted)
    const { voided } = page.changes()
    expect(voided.reduce((sum, each) => sum + each.quantity, 0n)).toBe(quantity)
  },
)

test('the oldest hour is written off first, whatever its account', () => {
  const page = openPage(new ModelBook(), 'pod:1')
  for (const [divisor, hour] of [
    [1n, 3],
    [2n, 1],
    [3n, 2],
  ] as const) {
    page.count(accountWith(divisor), 5n)
    page.add(accountWith(divisor), hour, '', 5n)
  }
  writeOffUsage(page, { ...wanted, quantity: 12n }, 7)
  expect(page.changes().voided.map(({ hour, quantity }) => [hour, quantity])).toEqual([
    [1, 5n],
    [2, 5n],
    [3, 2n],
  ])
})

describe('of what is held and open', () => {
  /** 9 requests: 2 held untagged and 3 held of the tag set a since 5, and 4 open of a. */
  function book() {
    const model = new ModelBook()
    const page = openPage(model, 'pod:1')
    page.takeOwnership(0)
    page.count(account, 9n)
    const cells = [
      { tags: '', quantity: 2n },
      { tags: 'a', quantity: 3n },
    ]
    page.hold({ account, resource: 'pod:1', hour: 0, reason: 'guard' }, cells, 5)
    page.add(account, 1, 'a', 4n)
    model.apply(page.changes())
    return model
  }

  /** What is written off, what is held after it and what is added to open hours. */
  function writtenOff(quantity: bigint, more: Partial<typeof wanted> | { tags: string } = {}) {
    const page = openPage(book(), 'pod:1')
    writeOffUsage(page, { ...wanted, ...more, quantity }, 7)
    const { voided, held, added } = page.changes()
    return {
      voided: voided.map((each) => [each.hour, each.tags, each.quantity]),
      held: held.map((each) => [each.since, [...each.added]]),
      open: added.map((each) => [each.hour, [...each.added]]),
    }
  }

  test.each([
    ['nothing', 0n, [], [], []],
    [
      'a part of one tag set',
      1n,
      [[0, '', 1n]],
      [
        ['', 1n],
        ['a', 3n],
      ],
      [],
    ],
    ['one tag set, to the last unit', 2n, [[0, '', 2n]], [['a', 3n]], []],
    [
      'a part of the next one',
      3n,
      [
        [0, '', 2n],
        [0, 'a', 1n],
      ],
      [['a', 2n]],
      [],
    ],
    [
      'all that is held',
      5n,
      [
        [0, '', 2n],
        [0, 'a', 3n],
      ],
      [],
      [],
    ],
    [
      'some of what is open too',
      6n,
      [
        [0, '', 2n],
        [0, 'a', 3n],
        [1, 'a', 1n],
      ],
      [],
      [['a', 3n]],
    ],
    [
      'everything',
      9n,
      [
        [0, '', 2n],
        [0, 'a', 3n],
        [1, 'a', 4n],
      ],
      [],
      [],
    ],
  ])('%s is written off, and the rest stays where it was', (_, quantity, voided, held, open) => {
    expect(writtenOff(quantity)).toEqual({
      voided,
      held: held.length === 0 ? [] : [[5, held]],
      open: open.length === 0 ? [] : [[1, open]],
    })
  })

  test('only the tag set that is asked for is written off', () => {
    expect(writtenOff(4n, { tags: 'a' })).toEqual({
      voided: [
        [0, 'a', 3n],
        [1, 'a', 1n],
      ],
      held: [[5, [['', 2n]]]],
      open: [[1, [['a', 3n]]]],
    })
  })

  test('what is written off keeps its account, the reason and the instant, and is of no record', () => {
    const page = openPage(book(), 'pod:1')
    writeOffUsage(page, { ...wanted, quantity: 1n }, 7)
    const none = { account, recordId: undefined, hour: 0, tags: '' }
    expect(page.changes().voided).toEqual([{ ...none, quantity: 1n, reason: 'test', at: 7 }])
  })

  test('more than there is is refused, and the answer says how much there is', () => {
    const page = openPage(book(), 'pod:1')
    const writeOff = () => writeOffUsage(page, { ...wanted, tags: 'a', quantity: 8_000_000n }, 7)
    expect(writeOff).toThrow(expect.objectContaining({ code: 'UsageNotFound' }))
    const ofAll = () => writeOffUsage(page, { ...wanted, tags: undefined, quantity: 10n ** 9n }, 7)
    expect(ofAll).toThrow(/^Only [\d.]+ requests are held or open; nothing was changed\./)
    const again = openPage(book(), 'pod:1')
    expect(() => writeOffUsage(again, { ...wanted, tags: 'a', quantity: 8n }, 7)).toThrow(
      'Only 0.000007 requests are held or open with these tags; nothing was changed. "ledger show --tags" lists them.',
    )
  })
})

describe('a refused record', () => {
  const parts = [
    {
      account: account.key,
      quantity: 3n,
      allocations: [
        { tags: 'a', quantity: 2n },
        { tags: '', quantity: 1n },
      ],
    },
    { account: accountWith(10n).key, quantity: 4n, allocations: undefined },
  ]
  const record = {
    ...recordOf('pod:1', 60, 3),
    parts,
    state: 'refused',
    lastCode: 'Invalid',
  } as const

  function pageOf(ambiguous: boolean) {
    const model = new ModelBook()
    model.records.set(3, { ...record, ambiguous })
    return openPage(model, 'pod:1')
  }

  test('is written off with the usage of each part and tag set, and keeps what AWS had said', () => {
    const page = pageOf(false)
    expect(writeOffRecord(page, 3, 'agreed', 7)).toEqual({
      ...record,
      state: 'moved',
      lastCode: 'WrittenOff',
      lastMessage: 'An operator wrote it off (agreed); before that: Invalid.',
      settledAt: 7,
    })
    const each = { recordId: 3, hour: 60, reason: 'agreed', at: 7 }
    expect(page.changes().voided).toEqual([
      { ...each, account, tags: 'a', quantity: 2n },
      { ...each, account, tags: '', quantity: 1n },
      { ...each, account: accountWith(10n), tags: '', quantity: 40n },
    ])
  })

  test('that AWS may have is not written off, and the answer says what to do', () => {
    const writeOff = () => writeOffRecord(pageOf(true), 3, 'agreed', 7)
    expect(writeOff).toThrow(expect.objectContaining({ code: 'RecordStateMismatch' }))
    expect(writeOff).toThrow(
      'AWS may have billed record 3 at an earlier attempt, so it cannot be written off; nothing was changed. Send it again with "ledger retry": AWS then says whether it has the record.',
    )
  })
})
