import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Ledger } from '../../../src/ledger/ledger.ts'
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
import { ledgerJson, runLedger } from '../../support/ledger/ledger-command-io.ts'
import { changeDatabase } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { markImported } from '../../../src/store/sqlite/file/commands/imported.ts'
import { fastClockNote } from '../../../src/store/summary.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const directories = new Directories()
const nine = Date.parse('2026-03-10T09:00:00Z')
let directory: string
let clock: ManualClock
let book: Ledger

beforeEach(async () => {
  directory = directories.make()
  clock = new ManualClock('2026-03-10T09:15:00Z')
  book = await openBook(directory, clock, 'arn:aws:ecs:us-east-1:111122223333:task/demo/abc')
})

afterEach(async () => {
  await expectBalanced()
  await book.close()
  directories.removeAll()
})

async function expectBalanced(): Promise<void> {
  expect(await run('audit')).toMatchObject({ code: 0, err: [] })
}

const run = (...args: string[]) => runLedger(directory, clock, args)
const json = (...args: string[]) => ledgerJson(directory, clock, ...args)

/** Of hour 9: requests accepted (1), storage refused (2), seats unresolved (3). Open: hour 10. */
async function fill(): Promise<void> {
  await report(book, 'requests', 42.5, { team: 'a' })
  await report(book, 'storage', 5)
  await report(book, 'seats', 3)
  await clock.advance(hourMs)
  const records = await seal(book, nine + hourMs, clock.now())
  const id = (dimension: string) =>
    records.find((record) => record.dimension === dimension)?.id ?? 0
  await send(book, id('requests'), accepted)
  await send(book, id('storage'), refused)
  await send(book, id('seats'), lost, hourTaken)
  await report(book, 'requests', 1.25, { team: 'b' })
  await report(book, 'requests', 1)
}

async function idOf(dimension: string): Promise<string> {
  const { out } = await run('export', '--format', 'jsonl', '--dimension', dimension)
  const { id }: { id: number } = JSON.parse(out[0] ?? '')
  return String(id)
}

/** Resends seats on a machine whose clock is days behind the ledger's. */
async function resendByWrongClock(): Promise<unknown> {
  const machine = new ManualClock('2026-03-01T00:00:00Z')
  const args = ['resolve', await idOf('seats'), '--resend', '--force', '--yes']
  return ledgerJson(directory, machine, ...args)
}

describe('ledger show', () => {
  test('says for people where every unit is, in at most 100 columns', async () => {
    await fill()
    const { code, out, err } = await run('show')
    expect({ code, err }).toEqual({ code: 0, err: [] })
    const text = out.join('\n')
    expect(text).toContain('owner          arn:aws:ecs:us-east-1:111122223333:task/demo/abc')
    expect(text).toMatch(/Open: .*\nhour .*\n2026-03-10T10h {2}requests {7}2\.25/)
    expect(text).toMatch(/Fractions: .*\ndimension .*\nrequests {8}0\.5/)
    expect(text).toContain('Pending: sealed, the sidecar sends them by itself: none')
    expect(text).toMatch(
      /Refused: [^\n]*\n[^\n]*\n.*storage.* 5 {2}refused .* AccessDeniedException/,
    )
    expect(text).toMatch(/Unresolved: [^\n]*\n[^\n]*\n.*seats.* 3 {2}unresolved .*DuplicateRequest/)
    expect(text).toMatch(/Settled: [^\n]*\n[^\n]*\n.*requests.* 42 {2}accepted .*metering-record-1/)
    for (const line of out) expect(line.length).toBeLessThanOrEqual(100)
  })

  test('stays in 100 columns with long names, and prints no control characters', async () => {
    await report(book, `${'d'.repeat(200)}\u001b[31m\n`, 1, { team: 't'.repeat(200) })
    const { out } = await run('show', '--tags')
    for (const line of out) expect(line.length).toBeLessThanOrEqual(100)
    expect(out.join('')).not.toContain('\u001b')
    expect(out.join('')).toContain('…')
  })

  test('says that an imported ledger is what it was, and where it continues', async () => {
    await fill()
    await changeDatabase(directory, (database) => markImported(database, 'the.host/book'))
    const { code, out, err } = await run('show')
    expect({ code, err }).toEqual({
      code: 0,
      err: [expect.stringContaining('imported into the database the.host/book')],
    })
    expect(out.join('\n')).toContain('requests')
  })

  test('lists tag sets when asked', async () => {
    await fill()
    const { out } = await run('show', '--tags')
    expect(out.join('\n')).toMatch(/requests +1\.25 {2}team=b/)
    expect(out.join('\n')).toMatch(/requests +1 {2}\(untagged\)/)
  })

  test('marks a fraction of an account that the product file no longer has', async () => {
    await fill()
    await book.close()
    book = await openBook(directory, clock, undefined, { productCode: 'product-2', divisor: 1n })
    const { out } = await run('show')
    expect(out.join('\n')).toMatch(/requests {8}0\.5 {2}retired: of product-1, divisor 1/)
    expect(await json('show')).toMatchObject({
      fractions: [{ productCode: 'product-1', divisor: 1, quantity: '0.5', retired: true }],
    })
  })

  test('says what the readings of an open hour come to', async () => {
    await book.close()
    const meaning = { productCode: 'product-1', divisor: 1n, aggregate: 'max' as const }
    book = await openBook(directory, clock, undefined, meaning)
    for (const hosts of [3, 7.5, 2]) await report(book, 'hosts', hosts)
    const { out } = await run('show')
    expect(out.join('\n')).toMatch(
      /Readings: [^\n]*\n[^\n]*\n2026-03-10T09h {2}hosts +max +7\.5 +1/,
    )
    expect(await json('show')).toMatchObject({
      readings: [{ dimension: 'hosts', aggregate: 'max', quantity: '7.5', count: 1 }],
    })
  })

  test('says the same in JSON, with exact quantities', async () => {
    await fill()
    expect(await json('show')).toMatchObject({
      dataDir: directory,
      owner: { resource: 'arn:aws:ecs:us-east-1:111122223333:task/demo/abc' },
      open: [
        { dimension: 'requests', hour: '2026-03-10T10:00:00.000Z', tags: {}, quantity: '1' },
        { dimension: 'requests', tags: { team: 'b' }, quantity: '1.25' },
      ],
      fractions: [{ dimension: 'requests', quantity: '0.5' }],
      pending: [],
      refused: [{ dimension: 'storage', quantity: 5, lastCode: 'AccessDeniedException' }],
      unresolved: [{ dimension: 'seats', quantity: 3, ambiguous: true, attempts: 2 }],
      settled: [{ dimension: 'requests', meteringRecordId: 'metering-record-1' }],
      oldestUnsentHour: '2026-03-10T09:00:00.000Z',
    })
  })

  test('shows one record in full', async () => {
    await fill()
    const id = await idOf('requests')
    const { out } = await run('show', id)
    const text = out.join('\n')
    expect(text).toContain('state             accepted')
    expect(text).toContain('MeteringRecordId  metering-record-1')
    expect(text).toContain('first attempt     2026-03-10T10:15:00Z')
    expect(text).toContain('allocations       42  team=a')
    expect(text).toMatch(/client token {6}[0-9a-f]{64}/)
    expect(await json('show', id)).toMatchObject({
      id: Number(id),
      quantity: 42,
      allocations: [{ tags: { team: 'a' }, quantity: 42 }],
      attempts: 1,
    })
  })

  test('an unresolved record stays in sight, however old it is', async () => {
    await fill()
    await clock.advance(100 * hourMs)
    expect(await json('show')).toMatchObject({ unresolved: [{ dimension: 'seats' }], settled: [] })
  })
})

describe('ledger resolve and retry', () => {
  test('--delivered makes the record accepted and says so', async () => {
    await fill()
    const id = await idOf('seats')
    const { code, out } = await run('resolve', id, '--delivered', '--yes')
    expect(code).toBe(0)
    expect(out.join(' ')).toBe(
      `Resolved: record ${id} (seats, 2026-03-10T09h, 3 units) is now accepted. Its 3 units stay in it as billed by AWS and are never sent again.`,
    )
    expect(await json('show', id)).toMatchObject({
      state: 'accepted',
      lastCode: 'ResolvedDelivered',
      meteringRecordId: null,
      settledAt: '2026-03-10T10:15:00.000Z',
    })
  })

  test('--resend moves the usage to the current hour and says so', async () => {
    await fill()
    const id = await idOf('seats')
    expect(await json('resolve', id, '--resend', '--force', '--yes')).toMatchObject({
      action: 'resolve',
      resolution: 'resend',
      record: { id: Number(id), state: 'moved', movedTo: '2026-03-10T10:00:00.000Z' },
    })
    expect(await json('show')).toMatchObject({
      unresolved: [],
      open: [
        { dimension: 'requests' },
        { dimension: 'requests' },
        { dimension: 'seats', quantity: '3' },
      ],
    })
    const second = run('resolve', id, '--resend', '--force', '--yes')
    await expect(second).rejects.toMatchObject({ code: 'RecordStateMismatch' })
    const [, seats] = await seal(book, nine + 2 * hourMs, nine + 2 * hourMs + 60_000)
    expect(seats).toMatchObject({ dimension: 'seats', quantity: 3_000_000n })
  })

  test('the hour is that of the machine, whatever a clock that was wrong has left behind', async () => {
    await fill()
    expect(await resendByWrongClock()).toMatchObject({
      record: { movedTo: '2026-03-01T00:00:00.000Z' },
    })
  })

  test('the hour is that of a ledger whose clock runs ahead of the machine', async () => {
    await fill()
    await book.remember(fastClockNote, 'a demo')
    expect(await resendByWrongClock()).toMatchObject({
      record: { movedTo: '2026-03-10T10:00:00.000Z' },
    })
  })

  test('retry frees a refused record for the sender', async () => {
    await fill()
    const id = await idOf('storage')
    const { code, out } = await run('retry', id)
    expect(code).toBe(0)
    expect(out.join(' ')).toContain(`record ${id} (storage, 2026-03-10T09h, 5 units) is now sealed`)
    expect(await book.pendingRecords()).toMatchObject([{ id: Number(id), state: 'sealed' }])
    const second = { ...accepted, meteringRecordId: 'metering-record-2' }
    expect(await send(book, Number(id), second)).toMatchObject({ state: 'accepted' })
  })

  test('each action leaves every other record as it was', async () => {
    await fill()
    const others = async () => {
      const { out } = await run('export', '--format', 'jsonl')
      return out.filter((line) => !line.includes('"dimension":"seats"'))
    }
    const before = await others()
    await run('resolve', await idOf('seats'), '--resend', '--force', '--yes')
    expect(await others()).toEqual(before)
  })
})

describe('wrong arguments are refused with a code and change nothing', () => {
  test.each([
    [['nothing']],
    [['resolve']],
    [['resolve', '1']],
    [['resolve', '1', '--delivered', '--resend']],
    [['resolve', '1', '2', '--resend']],
    [['resolve', '0', '--resend']],
    [['resolve', 'one', '--resend']],
    [['resolve', '1e3', '--resend']],
    [['retry']],
    [['retry', '99999999999999999999']],
    [['show', '1.5']],
    [['audit', '1']],
    [['export']],
    [['export', '--format', 'xml']],
    [['export', '--format', 'csv', '--since', 'yesterday']],
    [['export', '--format', 'csv', '--until', '2026-03-10']],
    [
      [
        'export',
        '--format',
        'csv',
        '--since',
        '2026-03-10T10:00:00Z',
        '--until',
        '2026-03-10T10:00:00Z',
      ],
    ],
  ])('%j', async (args) => {
    await expect(runLedger(directory, clock, args)).rejects.toMatchObject({
      code: 'InvalidArguments',
    })
  })

  test.each([[['show', '--wrong']], [['retry', '1', '--delivered']], [['export', '--json']]])(
    '%j',
    async (args) => {
      const options = runLedger(directory, clock, args)
      await expect(options).rejects.toMatchObject({ code: 'InvalidArguments' })
    },
  )

  test('an id that is not there', async () => {
    await expect(run('show', '99')).rejects.toMatchObject({ code: 'RecordNotFound' })
    await expect(run('retry', '99')).rejects.toMatchObject({ code: 'RecordNotFound' })
    await expect(run('resolve', '99', '--resend')).rejects.toMatchObject({ code: 'RecordNotFound' })
  })

  test('help goes to standard output, and alone it is a mistake', async () => {
    expect(await runLedger(undefined, clock, ['--help'])).toMatchObject({ code: 0 })
    expect(await runLedger(undefined, clock, ['resolve', '--help'])).toMatchObject({ code: 0 })
    expect(await runLedger(undefined, clock, [])).toMatchObject({ code: 2 })
  })
})

describe('the data directory', () => {
  test('comes from SIDECAR_DATA_DIR', async () => {
    await fill()
    const env = { SIDECAR_DATA_DIR: directory }
    const { out } = await runLedger(undefined, clock, ['show', '--json'], env)
    expect(JSON.parse(out.join(''))).toMatchObject({ dataDir: directory })
  })

  test('a wrong SIDECAR_DATA_DIR is a wrong setting, other wrong settings do not matter', async () => {
    const wrong = runLedger(undefined, clock, ['show'], { SIDECAR_DATA_DIR: 'relative' })
    await expect(wrong).rejects.toMatchObject({ code: 'InvalidSettings' })
    const env = { SIDECAR_DATA_DIR: directory, SIDECAR_LISTEN: 'nonsense' }
    expect(await runLedger(undefined, clock, ['audit'], env)).toMatchObject({ code: 0 })
  })

  test('without a ledger is an error, and none is made', async () => {
    const empty = directories.make()
    for (const args of [['show'], ['audit'], ['export', '--format', 'csv'], ['retry', '1']]) {
      const result = runLedger(empty, clock, args)
      await expect(result).rejects.toMatchObject({ code: 'LedgerNotFound' })
    }
    await expect(runLedger('', clock, ['show'])).rejects.toMatchObject({ code: 'InvalidArguments' })
  })
})
