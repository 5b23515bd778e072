import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditBook } from '../../../src/store/sqlite/audit.ts'
import { changeLedger, readLedger } from '../../../src/store/sqlite/ledger-file.ts'
import { overviewOf } from '../../../src/store/sqlite/overview.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { Directories, openBook, report, seal } from '../../support/ledger/ledger-book.ts'
import { ManualClock } from '../../support/manual-clock.ts'

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

const reported = () => readLedger(directory, auditBook).map((key) => key.reported)

function expectError(code: string, work: () => unknown): void {
  expect(work).toThrow(expect.objectContaining({ code }))
}

const doNothing = () => {}

describe('reading', () => {
  test('a file that nobody has open', async () => {
    await stoppedBook()
    expect(reported()).toEqual([7_000_000n])
  })

  test('a file that a sidecar has open, up to its last commit', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 3)
    expect(reported()).toEqual([3_000_000n])
    await report(book, 'requests', 4)
    expect(reported()).toEqual([7_000_000n])
    await book.close()
  })

  test('is one moment: a commit in between is not seen', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 3)
    const other = new DatabaseSync(path())
    const [before, after] = readLedger(directory, (database) => {
      const first = auditBook(database)
      other.exec('UPDATE key SET reported_whole = 99')
      return [first, auditBook(database)]
    })
    expect(after).toEqual(before)
    other.exec('UPDATE key SET reported_whole = 3')
    other.close()
    await book.close()
  })

  test('a file that a killed sidecar left, with its log, changes neither', () => {
    killedBook()
    const before = content()
    expect(before.get('ledger.db-wal')).not.toBe('')
    expect(reported()).toEqual([9_500_000n])
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
      const module = new URL('../../../src/store/sqlite/', import.meta.url).href
      const script = `
        import { readLedger } from '${module}ledger-file.ts'
        import { auditBook } from '${module}audit.ts'
        if (process.getuid() === 0) process.setuid(65534)
        console.log(readLedger(process.argv[1], auditBook).map((key) => String(key.reported)).join())`
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
    const before = readLedger(directory, auditBook)
    expectError('LedgerImbalanced', () =>
      changeLedger(directory, (database) => database.exec('UPDATE record SET quantity = 6')),
    )
    expect(readLedger(directory, auditBook)).toEqual(before)
  })

  test('an error in the middle leaves everything as it was', async () => {
    await stoppedBook()
    expect(() =>
      changeLedger(directory, (database) => {
        database.exec("UPDATE record SET state = 'moved'")
        throw new Error('stop')
      }),
    ).toThrow('stop')
    const { pending } = readLedger(directory, (database) => overviewOf(database, clock.now()))
    expect(pending).toMatchObject([{ state: 'sealed' }])
  })

  test('a file that a killed sidecar left', () => {
    killedBook()
    changeLedger(directory, (database) => database.exec("UPDATE record SET last_code = 'x'"))
    const { pending } = readLedger(directory, (database) => overviewOf(database, clock.now()))
    expect(pending).toMatchObject([{ lastCode: 'x' }])
    expect(reported()).toEqual([9_500_000n])
  })

  test('keeps the journal mode, and waits for a sidecar that is in the middle of a commit', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 1)
    const reports = Array.from({ length: 50 }, () => report(book, 'requests', 1))
    changeLedger(directory, doNothing)
    await Promise.all(reports)
    expect(reported()).toEqual([51_000_000n])
    const mode = readLedger(directory, (database) => database.prepare('PRAGMA journal_mode').get())
    expect(mode).toEqual({ journal_mode: 'wal' })
    await book.close()
  })
})

describe('what is no ledger is refused, and nothing is made or changed', () => {
  const expectBoth = (code: string) => {
    const before = content()
    expectError(code, () => readLedger(directory, doNothing))
    expectError(code, () => changeLedger(directory, doNothing))
    expect(content()).toEqual(before)
  }

  test('an empty folder', () => {
    expectBoth('LedgerNotFound')
    expect(readdirSync(directory)).toEqual([])
  })

  test('no folder', () => {
    directory = join(directory, 'not', 'there')
    expectError('LedgerNotFound', () => readLedger(directory, doNothing))
    expectError('LedgerNotFound', () => changeLedger(directory, doNothing))
  })

  test('a database without tables', () => {
    new DatabaseSync(path()).exec('PRAGMA journal_mode = WAL')
    expectBoth('LedgerNotFound')
  })

  test('an empty file', () => {
    writeFileSync(path(), '')
    expectBoth('LedgerDamaged')
  })

  test('garbage', () => {
    writeFileSync(path(), 'no database at all '.repeat(1000))
    expectBoth('LedgerDamaged')
  })

  test('a page of garbage in the middle', async () => {
    await stoppedBook()
    const bytes = readFileSync(path())
    bytes.fill(0x5a, 4096, 8192)
    writeFileSync(path(), bytes)
    expectBoth('LedgerDamaged')
  })

  test('a log of garbage, which SQLite would pass over and delete', () => {
    killedBook()
    writeFileSync(path('-wal'), 'no log at all '.repeat(1000))
    expectBoth('LedgerDamaged')
  })

  test('a ledger of a newer program', async () => {
    await stoppedBook()
    const newer = new DatabaseSync(path())
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    expectBoth('LedgerTooNew')
  })

  test('a folder in the place of the file', () => {
    directory = join(directory, 'deeper')
    const { status } = spawnSync('mkdir', ['-p', path()])
    expect(status).toBe(0)
    expectError('DataDirectoryUnusable', () => readLedger(directory, doNothing))
    expectError('DataDirectoryUnusable', () => changeLedger(directory, doNothing))
  })
})
