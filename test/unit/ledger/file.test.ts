import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import {
  changeBook,
  changeDatabase,
  readBook,
} from '../../../src/store/sqlite/file/commands/book-file.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { schemaVersion } from '../../../src/store/sqlite/migrations/migrate.ts'
import { Directories, openBook, report, seal } from '../../support/ledger/ledger-book.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { refusal } from '../../support/refusal.ts'

const directories = new Directories()
let directory: string
let clock: ManualClock

beforeEach(() => {
  directory = directories.make()
  clock = new ManualClock()
})
afterEach(() => directories.removeAll())

const path = (suffix = '') => join(directory, `ledger.db${suffix}`)

async function stoppedBook(): Promise<void> {
  const book = await openBook(directory, clock)
  await report(book, 'requests', 7)
  await clock.advance(hourMs)
  await seal(book, Date.parse('2026-03-10T10:00:00Z'))
  await book.close()
}

function killedBook(): void {
  const script = fileURLToPath(new URL('../../support/ledger/ledger-killed.ts', import.meta.url))
  const { signal, stderr } = spawnSync(process.execPath, [script, directory], { encoding: 'utf8' })
  expect(signal, stderr).toBe('SIGKILL')
}

/** Every file of the directory but SQLite's shared memory, which is no content. */
function content(): Map<string, string> {
  const names = readdirSync(directory).filter((name) => !name.endsWith('-shm'))
  return new Map(names.map((name) => [name, readFileSync(join(directory, name), 'hex')]))
}

const sums = () => readBook(directory, (book) => book.accountSums())
const reported = async () => (await sums()).map((account) => account.reported)
const pending = async () =>
  (await readBook(directory, (book) => book.overview(clock.now()))).pending

/** The only record of the book. */
const recordOf = (page: Page): MeteringRecord => {
  const record = page.record(1)
  if (record === undefined) throw new Error('there is no record')
  return record
}
const change = (action: (page: Page) => MeteringRecord) =>
  operate((decide) => changeBook(directory, decide), 2500, action)

async function expectError(code: string, work: Promise<unknown>): Promise<void> {
  await expect(work).rejects.toMatchObject(refusal(code))
}

const readNothing = () => readBook(directory, () => Promise.resolve())
const changeNothing = () => change((page) => recordOf(page))

describe('reading', () => {
  test('a file that nobody has open', async () => {
    await stoppedBook()
    expect(await reported()).toEqual([7_000_000n])
  })

  test('a file that a sidecar has open, up to its last commit', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 3)
    expect(await reported()).toEqual([3_000_000n])
    await report(book, 'requests', 4)
    expect(await reported()).toEqual([7_000_000n])
    await book.close()
  })

  test('is one moment: a commit in between is not seen', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 3)
    const other = new DatabaseSync(path())
    const [before, after] = await readBook(directory, async (reader) => {
      const first = await reader.accountSums()
      other.exec('UPDATE account SET reported_whole = 99')
      return [first, await reader.accountSums()]
    })
    expect(after).toEqual(before)
    other.exec('UPDATE account SET reported_whole = 3')
    other.close()
    await book.close()
  })

  test('a file that a killed sidecar left, with its log, changes neither', async () => {
    killedBook()
    const before = content()
    expect(before.get('ledger.db-wal')).not.toBe('')
    expect(await reported()).toEqual([9_500_000n])
    expect(content()).toEqual(before)
  })

  test.each(['clean', 'killed'])(
    'a folder that cannot be written (%s), as a user who may only read',
    async (end) => {
      if (end === 'clean') await stoppedBook()
      else killedBook()
      rmSync(path('-shm'), { force: true })
      for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o444)
      chmodSync(directory, 0o555)
      const module = new URL('../../../src/store/sqlite/file/commands/', import.meta.url).href
      const script = `
        import { readBook } from '${module}book-file.ts'
        if (process.getuid() === 0) process.setuid(65534)
        const sums = await readBook(process.argv[1], (book) => book.accountSums())
        console.log(sums.map((account) => String(account.reported)).join())`
      const flags = ['--input-type=module', '--eval', script, directory]
      const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' })
      chmodSync(directory, 0o755)
      expect(stderr).toBe('')
      expect(stdout.trim()).toBe(end === 'clean' ? '7000000' : '9500000')
      expect(readdirSync(directory)).not.toContain('ledger.db-shm')
    },
  )
})

describe('changing', () => {
  test('cannot lose a unit: a change that would is undone', async () => {
    await stoppedBook()
    const before = await sums()
    // Its usage is taken out of the record and put nowhere.
    await expectError(
      'LedgerImbalanced',
      change((page) => page.update(recordOf(page), { state: 'moved' })),
    )
    expect(await sums()).toEqual(before)
  })

  test('names the account that a change of the file would take from, and how much', async () => {
    const book = await openBook(directory, clock)
    for (const dimension of ['requests', 'storage']) await report(book, dimension, 7)
    await book.close()
    const take = (dimension: string) =>
      changeDatabase(directory, (database) => {
        database.exec(`UPDATE account SET reported_whole = reported_whole + 2
          WHERE dimension = '${dimension}'`)
      })
    for (const dimension of ['requests', 'storage'])
      await expect(take(dimension)).rejects.toMatchObject({
        code: 'LedgerImbalanced',
        message: `Nothing was changed: it would have left 2000000 micro-units of ["product-1","","${dimension}","1"] in no place. This is a defect; keep the data directory and report it.`,
      })
    expect(await reported()).toEqual([7_000_000n, 7_000_000n])
  })

  test('an error in the middle leaves everything as it was', async () => {
    await stoppedBook()
    const broken = change((page) => {
      page.update(recordOf(page), { state: 'moved' })
      throw new Error('stop')
    })
    await expect(broken).rejects.toThrow('stop')
    expect(await pending()).toMatchObject([{ state: 'sealed' }])
  })

  test('a file that a killed sidecar left', async () => {
    killedBook()
    await change((page) => page.update(recordOf(page), { lastCode: 'x' }))
    expect(await pending()).toMatchObject([{ lastCode: 'x' }])
    expect(await reported()).toEqual([9_500_000n])
  })

  test('keeps the journal mode, and waits for a sidecar that is in the middle of a commit', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 1)
    await clock.advance(hourMs)
    await seal(book, Date.parse('2026-03-10T10:00:00Z'))
    const reports = Array.from({ length: 50 }, () => report(book, 'requests', 1))
    await changeNothing()
    await Promise.all(reports)
    expect(await reported()).toEqual([51_000_000n])
    const other = new DatabaseSync(path(), { readOnly: true })
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    other.close()
    await book.close()
  })
})

describe('what is no ledger is refused, and nothing is made or changed', () => {
  const expectBoth = async (code: string, why = '') => {
    const before = content()
    await expectError(code, readNothing())
    await expect(readNothing()).rejects.toThrow(why)
    await expectError(code, changeNothing())
    expect(content()).toEqual(before)
  }

  test('an empty folder', async () => {
    await expectBoth('LedgerNotFound')
    expect(readdirSync(directory)).toEqual([])
  })

  test('no folder', async () => {
    directory = join(directory, 'not', 'there')
    await expectError('LedgerNotFound', readNothing())
    await expectError('LedgerNotFound', changeNothing())
  })

  test('a database without tables', async () => {
    new DatabaseSync(path()).exec('PRAGMA journal_mode = WAL')
    await expectBoth('LedgerNotFound')
  })

  test('a version without tables, as a recovery that broke off leaves it', async () => {
    new DatabaseSync(path()).exec(`PRAGMA user_version = ${schemaVersion}; VACUUM`)
    await expectBoth('LedgerDamaged', 'is damaged (the file has no tables); nothing was changed.')
  })

  test('an empty file', async () => {
    writeFileSync(path(), '')
    await expectBoth('LedgerDamaged', 'is damaged (the file is empty); nothing was changed.')
  })

  test('garbage', async () => {
    writeFileSync(path(), 'no database at all '.repeat(1000))
    await expectBoth('LedgerDamaged')
  })

  test('a page of garbage in the middle', async () => {
    await stoppedBook()
    const bytes = readFileSync(path())
    bytes.fill(0x5a, 4096, 8192)
    writeFileSync(path(), bytes)
    await expectBoth('LedgerDamaged')
  })

  test('a log of garbage, which SQLite would pass over and delete', async () => {
    killedBook()
    writeFileSync(path('-wal'), 'no log at all '.repeat(1000))
    await expectBoth('LedgerDamaged', 'not a write-ahead log); nothing was changed.')
  })

  test('a ledger of a newer program', async () => {
    await stoppedBook()
    const newer = new DatabaseSync(path())
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    await expectBoth('LedgerTooNew', 'schema version 99, and this program knows versions up to')
  })

  test('a folder in the place of the file', async () => {
    directory = join(directory, 'deeper')
    const { status } = spawnSync('mkdir', ['-p', path()])
    expect(status).toBe(0)
    await expectError('DataDirectoryUnusable', readNothing())
    await expectError('DataDirectoryUnusable', changeNothing())
  })
})
