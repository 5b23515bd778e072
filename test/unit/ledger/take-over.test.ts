import { describe, expect, onTestFinished, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { takeOver } from '../../../src/ledger/opening/take-over.ts'
import { AccountSlots } from '../../../src/ledger/page/account-slots.ts'
import { HeadRoom } from '../../../src/ledger/page/head-room.ts'
import { Page } from '../../../src/ledger/page/page.ts'
import { markAll } from '../../../src/ledger/settling/settle-record.ts'
import { TagSetLimit } from '../../../src/ledger/page/tag-set-limit.ts'
import type { PlannedRecord } from '../../../src/metering/record/seal-plan.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { ModelBook, registrationName } from '../../support/store/model-book.ts'
import { accountFor } from '../../conformance/store/changes-for-tests.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const account = accountFor('requests')

function recordOf(resource: string): PlannedRecord {
  return {
    productCode: 'product',
    dimension: 'requests',
    hour: 0,
    timestamp: 1000,
    quantity: unit,
    form: 'whole',
    allocations: undefined,
    clientToken: resource,
    parts: [{ account: account.key, quantity: unit, allocations: undefined }],
  }
}

const acmeRegistration = {
  customer: 'acme',
  identity: { form: 'identifier', value: 'acme', region: 'us-east-1' },
  names: { accountId: undefined, licenseArn: undefined, identifier: 'acme' },
  createdAt: 0,
  startsAt: 0,
  endedAt: undefined,
  deletedAt: undefined,
} as const

const meaningOf = (dimension: string) => ({
  productCode: 'product',
  divisor: 1n,
  aggregate: dimension === 'hosts' ? ('max' as const) : ('sum' as const),
})

test('a book that no other task or pod left is not changed', () => {
  const book = new ModelBook()
  const owned = openPage(book, 'pod:1')
  owned.takeOwnership(0)
  book.apply(owned.changes())
  const page = openPage(book, 'pod:1')
  const before = page.changes()
  expect(takeOver(page, 0, { lateUsage: 'carry' })).toEqual({
    abandoned: [],
    records: 0,
    hours: [],
    reopened: [],
  })
  expect(page.changes()).toEqual(before)
})

test('a takeover takes along how much of open usage no guard counts', () => {
  const book = new ModelBook()
  const left = openPage(book, 'pod:old')
  left.takeOwnership(0)
  left.count(account, 5n)
  left.addUnguarded(account, 0, '', 2n)
  left.add(account, 0, '', 3n)
  book.apply(left.changes())
  const page = openPage(book, 'pod:new')
  page.takeOwnership(hourMs)
  takeOver(page, hourMs, { lateUsage: 'carry' })
  const [there, here] = [
    { account, hour: 0, resource: 'pod:old' },
    { account, hour: hourMs, resource: 'pod:new' },
  ].map((open) => [page.cells(open), page.unguarded(open)])
  expect(there).toEqual([[], 0n])
  expect(here).toEqual([[{ tags: '', quantity: 5n }], 2n])
})

test.each(['carry', 'hold'] as const)(
  'a takeover gives what AWS refused the name that replaces it (%s)',
  (lateUsage) => {
    const book = new ModelBook()
    const left = openPage(book, 'pod:old')
    left.takeOwnership(0)
    left.count(account, 5n * unit)
    left.add(account, 0, '', 5n * unit)
    const { key } = account
    const parts = [{ account: key, quantity: 5n * unit, allocations: undefined }]
    left.empty({ account, resource: 'pod:old', hour: 0 })
    left.insert(left.slotOf(account), { ...recordOf('pod:old'), quantity: 5n * unit, parts }, 1000)
    book.apply(left.changes())
    const refused = openPage(book, 'pod:old')
    const [record] = refused.waiting.unsent()
    if (record === undefined) throw new Error('there is no record')
    refused.update(record, { state: 'refused', lastCode: 'InvalidUsageDimensionException' })
    book.apply(refused.changes())
    const page = openPage(book, 'pod:new')
    page.takeOwnership(hourMs)
    const replacements = {
      productCode: 'product',
      dimensionOf: () => 'calls',
      replacesCode: () => false,
    }
    const { reopened, hours } = takeOver(page, hourMs, { lateUsage, replacements })
    expect([reopened.map(({ id }) => id), hours]).toEqual([[record.id], [0]])
    const open = { account: accountFor('calls'), resource: 'pod:new', hour: 0 }
    expect(page.cells(open)).toEqual([{ tags: '', quantity: 5n * unit }])
    expect(page.heldHours()).toEqual([])
  },
)

test.each([
  ['carry', 1],
  ['hold', 0],
] as const)(
  'a takeover says which hours received usage: open, read and sealed (%s)',
  async (lateUsage, share) => {
    const { ledger, clock, report, directory } = await openBench({
      resource: 'pod:old',
      meaningOf,
      readings: { maxReadings: 5, newSecret: () => '' },
    })
    const sealed = hourOf(clock.now())
    await report('jobs', unit)
    await clock.advance(hourMs)
    await sealHours(ledger, clock)
    await report('requests', unit)
    await report('hosts', unit)
    await clock.advance(hourMs)
    await ledger.close()

    const now = clock.now()
    const rest = { events: new Events(), log: createSilentLog() }
    const store = await openSqliteStore({ directory, now, meaningOf, ...rest })
    onTestFinished(() => store.close())
    let taken: ReturnType<typeof takeOver> | undefined
    await store.transact((view) => {
      const page = new Page(view, {
        slots: new AccountSlots('pod:new'),
        tagSets: new TagSetLimit(10),
        headRoom: new HeadRoom(),
      })
      page.takeOwnership(now)
      taken = takeOver(page, now, { lateUsage })
      return page.changes()
    })
    expect(taken?.abandoned).toEqual(['pod:old'])
    const carried = [sealed + 2 * hourMs, sealed + 2 * hourMs, sealed + 2 * hourMs]
    // Readings that are held stay those of their hour.
    expect(taken?.hours).toEqual(share === 1 ? carried : [sealed + hourMs])
    const { settled } = await store.usage(now)
    expect(settled).toMatchObject([
      share === 1
        ? { state: 'moved', movedTo: carried[0], lastCode: undefined, settledAt: now }
        : {
            state: 'moved',
            movedTo: undefined,
            lastCode: 'HeldByAdoption',
            lastMessage: 'Another task or pod left it, and late usage is held.',
            settledAt: now,
          },
    ])
  },
)

test.each(['carry', 'hold'] as const)(
  'a takeover leaves what the task or pod has sealed itself as it is (%s)',
  (lateUsage) => {
    const book = new ModelBook()
    for (const resource of ['pod:1', 'pod:2']) {
      const page = openPage(book, resource)
      page.takeOwnership(0)
      page.count(account, unit)
      page.insert(page.slotOf(account), recordOf(resource), 0)
      book.apply(page.changes())
    }
    const page = openPage(book, 'pod:1')
    expect(takeOver(page, 0, { lateUsage }).abandoned).toEqual(['pod:2'])
    const { records } = page.changes()
    expect([...records.keys()]).toEqual([2])
    expect(records.get(2)).toMatchObject({ state: 'moved' })
  },
)

const cluster = accountFor('requests', { scope: 'cluster' })
const ofCustomer = accountFor('requests', {
  customer: 'acme',
  identity: { form: 'identifier', value: 'acme', region: 'us-east-1' },
})

describe.each(['carry', 'hold'] as const)('a takeover where late usage is to %s', (lateUsage) => {
  test.each([
    ['of all', cluster],
    ['of a customer', ofCustomer],
  ])('sends records %s as they are, in their hour', (_, shared) => {
    const book = new ModelBook()
    book.registrations.set(registrationName('acme', ofCustomer.key.identity), acmeRegistration)
    const left = openPage(book, 'pod:old')
    left.takeOwnership(0)
    const parts = [{ account: shared.key, quantity: unit, allocations: undefined }]
    const states = [
      { state: 'sealed' },
      { state: 'refused', lastCode: 'CustomerNotSubscribed' },
      { state: 'sending', inFlight: true },
      { state: 'refused', ambiguous: true },
    ] as const
    left.count(shared, unit * BigInt(states.length))
    for (const index of states.keys())
      left.insert(
        left.slotOf(shared),
        { ...recordOf('pod:old'), hour: index * hourMs, parts },
        1000 + index,
      )
    book.apply(left.changes())
    const sent = openPage(book, 'pod:old')
    for (const [index, record] of sent.waiting.unsent().entries())
      sent.update(record, states[index] ?? {})
    book.apply(sent.changes())
    const before = [...book.records.values()]

    const now = 30 * hourMs
    const page = openPage(book, 'pod:new')
    page.takeOwnership(now)
    const { hours } = takeOver(page, now, { lateUsage })
    book.apply(page.changes())
    expect(hours).toEqual([0, hourMs])
    const unresolved = { state: 'unresolved', settledAt: now }
    expect([...book.records.values()]).toEqual(
      before.map((record, index) => ({
        ...record,
        ...(index < 2 ? { resource: 'pod:new' } : unresolved),
      })),
    )
    expect([book.open.size, book.held.size]).toEqual([0, 0])
    // A replica that comes back has nothing to send any more.
    expect(markAll(openPage(book, 'pod:old'), [1, 2, 3, 4], now)).toEqual([])
    const marked = markAll(openPage(book, 'pod:new'), [1, 2, 3, 4], now)
    expect(marked.map(({ id }) => id)).toEqual([1, 2])
  })
})
