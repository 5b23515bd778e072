import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditBook, imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import {
  recordNotFound,
  resolveDelivered,
  resolveResend,
  retryRefused,
} from '../../../src/ledger/decisions/operator-actions.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { changeBook, readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { tagsOf } from '../../../src/metering/tags.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import {
  accepted,
  Directories,
  hourTaken,
  lost,
  openBook,
  refused,
  report,
  seal,
  send,
} from '../../support/ledger/ledger-book.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { markSending } from '../../support/ledger/one-record.ts'

const directories = new Directories()
const nine = Date.parse('2026-03-10T09:00:00Z')
const ten = nine + hourMs
const options = { now: ten + 60_000, maxTagSets: 2500 }
let directory: string
let clock: ManualClock
let book: Ledger

beforeEach(async () => {
  directory = directories.make()
  clock = new ManualClock('2026-03-10T09:15:00Z')
  book = await openBook(directory, clock)
})

afterEach(async () => {
  await expectBalanced()
  await book.close()
  directories.removeAll()
})

async function expectBalanced(): Promise<void> {
  const balances = auditBook(await readBook(directory, (reader) => reader.accountSums()))
  expect(imbalancesOf(balances)).toEqual([])
}

async function read(id: number): Promise<MeteringRecord> {
  const record = await readBook(directory, (reader) => reader.record(id))
  if (record === undefined) throw recordNotFound(id)
  return record
}

const act = (action: (page: Page) => MeteringRecord, maxTagSets = options.maxTagSets) =>
  operate((decide) => changeBook(directory, decide), maxTagSets, action)

const openByTags = async () =>
  (await readBook(directory, (reader) => reader.overview(options.now))).openByTags

/** A record of 9 o'clock: 40 units, 10 of them untagged. */
async function sealedRecord(): Promise<number> {
  await report(book, 'requests', 10)
  await report(book, 'requests', 20, { team: 'a' })
  await report(book, 'requests', 10.25, { team: 'b' })
  await clock.advance(hourMs)
  const [record] = await seal(book, ten, clock.now())
  return record?.id ?? 0
}

async function unresolvedRecord(): Promise<number> {
  const id = await sealedRecord()
  const record = await send(book, id, lost, hourTaken)
  expect(record?.state).toBe('unresolved')
  return id
}

describe('resolve --delivered', () => {
  test('an unresolved record becomes accepted and keeps its units', async () => {
    const id = await unresolvedRecord()
    const record = await act((page) => resolveDelivered(page, id, options.now))
    expect(record).toMatchObject({
      state: 'accepted',
      quantity: 40_000_000n,
      meteringRecordId: undefined,
      lastCode: 'ResolvedDelivered',
      settledAt: options.now,
      movedTo: undefined,
    })
    expect(record.lastMessage).toContain('DuplicateRequestException: Another quantity')
    expect(await read(id)).toEqual(record)
    expect(await book.pendingRecords()).toEqual([])
  })

  test('it is not sent again, by a sidecar that restarts either', async () => {
    const id = await unresolvedRecord()
    await act((page) => resolveDelivered(page, id, options.now))
    expect(await markSending(book, id)).toBeUndefined()
    await book.close()
    book = await openBook(directory, clock)
    expect(await book.pendingRecords()).toEqual([])
  })
})

describe('resolve --resend', () => {
  test('needs force until AWS no longer accepts the record, which may still be on its way', async () => {
    const id = await unresolvedRecord()
    const end = (await read(id)).timestamp + 6 * hourMs
    const resend = (now: number) => act((page) => resolveResend(page, id, now, false))
    await expect(resend(end - 1)).rejects.toMatchObject({ code: 'RecordWindowOpen' })
    expect(await read(id)).toMatchObject({ state: 'unresolved' })
    expect(await resend(end)).toMatchObject({ state: 'moved' })
  })

  test('bills with the current hour, not with one that AWS accepts no more', async () => {
    const id = await unresolvedRecord()
    const now = nine + 8 * hourMs + 60_000
    const record = await act((page) => resolveResend(page, id, now, true))
    expect(record).toMatchObject({ state: 'moved', movedTo: nine + 8 * hourMs })
    expect(record.lastMessage).toMatch(/later hour; before that: DuplicateRequestException: /)
    expect(new Set((await openByTags()).map(({ hour }) => hour))).toEqual(
      new Set([nine + 8 * hourMs]),
    )
  })

  test('the usage goes to the current hour with its tags, and the record is its trace', async () => {
    const id = await unresolvedRecord()
    await report(book, 'requests', 1, { team: 'a' })
    const record = await act((page) => resolveResend(page, id, options.now, true))
    expect(record).toMatchObject({ state: 'moved', movedTo: ten, lastCode: 'ResolvedResend' })
    const cells = await openByTags()
    expect(cells.map(({ hour, tags, quantity }) => [hour, tagsOf(tags), quantity])).toEqual([
      [ten, [], 10_000_000n],
      [ten, [{ key: 'team', value: 'a' }], 21_000_000n],
      [ten, [{ key: 'team', value: 'b' }], 10_000_000n],
    ])
  })

  test('it is billed with the next record, which holds both', async () => {
    const id = await unresolvedRecord()
    await report(book, 'requests', 2)
    await act((page) => resolveResend(page, id, options.now, true))
    const [next] = await seal(book, ten + hourMs, ten + hourMs + 60_000)
    expect(next).toMatchObject({ hour: ten, quantity: 42_000_000n })
  })

  test('an hour that is sealed already is passed over', async () => {
    const id = await unresolvedRecord()
    await report(book, 'requests', 3)
    await seal(book, ten + hourMs, clock.now())
    const record = await act((page) => resolveResend(page, id, options.now, true))
    expect(record.movedTo).toBe(ten + hourMs)
  })

  test('what another task left unresolved goes to an hour of the owner', async () => {
    const id = await sealedRecord()
    await markSending(book, id)
    await book.close()
    book = await openBook(directory, clock, 'task/two')
    expect(await read(id)).toMatchObject({ state: 'unresolved', resource: 'task/one' })
    const record = await act((page) => resolveResend(page, id, nine, true))
    expect(record.movedTo).toBe(nine)
    const [own] = await seal(book, ten, clock.now())
    expect(own).toMatchObject({ hour: nine, resource: 'task/two', quantity: 40_000_000n })
  })

  test('tag sets beyond the limit of the sidecar go to the untagged bucket', async () => {
    const id = await unresolvedRecord()
    await act((page) => resolveResend(page, id, options.now, true), 1)
    const cells = await openByTags()
    expect(cells.map(({ quantity }) => quantity)).toEqual([20_000_000n, 20_000_000n])
  })
})

describe('retry', () => {
  test('a refused record waits to be sent again, with the same content', async () => {
    const id = await sealedRecord()
    const before = await send(book, id, refused)
    const after = await act((page) => retryRefused(page, id))
    expect(after).toEqual({ ...before, state: 'sealed' })
    expect(await book.pendingRecords()).toMatchObject([{ id, state: 'sealed' }])
    expect(await send(book, id, accepted)).toMatchObject({ state: 'accepted', attempts: 2 })
  })

  test('an attempt that may have arrived is not forgotten: a duplicate is unresolved, not billed again', async () => {
    const id = await sealedRecord()
    await send(book, id, lost, refused)
    const record = await act((page) => retryRefused(page, id))
    expect(record).toMatchObject({ state: 'sending', ambiguous: true })
    expect(await send(book, id, hourTaken)).toMatchObject({ state: 'unresolved' })
  })

  test('a record that AWS certainly never took stays unambiguous over a restart', async () => {
    const id = await sealedRecord()
    await send(book, id, refused)
    await act((page) => retryRefused(page, id))
    await book.close()
    book = await openBook(directory, clock)
    expect(await read(id)).toMatchObject({ state: 'sealed', ambiguous: false })
    expect(await send(book, id, hourTaken)).toMatchObject({ state: 'moved', movedTo: ten })
  })
})

describe('a record in another state is left alone, and the error says which', () => {
  test.each([
    ['sealed', []],
    ['accepted', [accepted]],
    ['moved', [hourTaken]],
    ['sending', [lost]],
  ] as const)('%s', async (state, answers) => {
    const id = await sealedRecord()
    await send(book, id, ...answers)
    const before = await read(id)
    expect(before.state).toBe(state)
    for (const action of [
      () => act((page) => resolveDelivered(page, id, options.now)),
      () => act((page) => resolveResend(page, id, options.now, true)),
      () => act((page) => retryRefused(page, id)),
    ])
      await expect(action()).rejects.toThrow(
        expect.objectContaining({
          code: 'RecordStateMismatch',
          message: expect.stringContaining(`Record ${id} is ${state}`),
        }),
      )
    expect(await read(id)).toEqual(before)
  })

  test('refused is for retry, unresolved for resolve', async () => {
    const id = await sealedRecord()
    await send(book, id, refused)
    await expect(act((page) => resolveResend(page, id, options.now, true))).rejects.toThrow(
      'is refused, and only unresolved records can be resolved',
    )
  })

  test('a record that is not refused cannot be retried, and the whole queue is listed', async () => {
    await report(book, 'storage', 1)
    const id = await sealedRecord()
    await expect(act((page) => retryRefused(page, id))).rejects.toThrow(
      'only refused records can be retried',
    )
    const overview = await readBook(directory, (reader) => reader.overview(options.now))
    expect(overview.pending).toHaveLength(2)
  })

  test('a second resolve changes nothing', async () => {
    const id = await unresolvedRecord()
    await act((page) => resolveResend(page, id, options.now, true))
    await expect(act((page) => resolveResend(page, id, options.now, true))).rejects.toThrow(
      `Record ${id} is moved`,
    )
  })

  test('an id that is not there', async () => {
    await expect(read(4711)).rejects.toThrow(expect.objectContaining({ code: 'RecordNotFound' }))
  })
})
