import fs, { mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backupBook } from '../../../src/store/sqlite/file/commands/backup-book.ts'
import { finishRenewal, renewFile } from '../../../src/store/sqlite/file/renew-file.ts'
import { setFilesAside } from '../../../src/store/sqlite/file/set-aside.ts'
import { openBench, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'

/** What happens to names in the directory of a test, and when the directory is flushed, in order. */
let done: string[] = []
let directory: string

beforeEach(async () => {
  directory = temporaryDirectory()
  done = []
  const note = (path: unknown, what: string) => {
    if (dirname(String(path)) === directory) done.push(`${what} ${basename(String(path))}`)
  }
  const { renameSync, rmSync, linkSync } = fs
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    renameSync(from, to)
    note(to, 'name')
  })
  vi.spyOn(fs, 'linkSync').mockImplementation((from, to) => {
    linkSync(from, to)
    note(to, 'name')
  })
  vi.spyOn(fs, 'rmSync').mockImplementation((path, options) => {
    rmSync(path, options)
    if (/-(wal|shm)$/.test(String(path))) note(path, 'remove')
  })
  syncBuiltinESMExports()
  await using handle = await open(directory)
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  // oxlint-disable-next-line typescript/unbound-method -- called with the handle it was called on
  const { sync } = prototype
  vi.spyOn(prototype, 'sync').mockImplementation(function syncAndNote(this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`)
    if (path === directory) done.push('flush')
    else if (path.startsWith(`${directory}/`)) done.push(`flush ${basename(path)}`)
    return sync.call(this)
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

const book = () => join(directory, 'ledger.db')

test('a renewed copy has its names on disk before the old log goes and when it has taken the place', async () => {
  const database = new DatabaseSync(book())
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE one (x); INSERT INTO one VALUES (1)')
  const sync = (handle: { sync(): Promise<void> }) => handle.sync()
  done = []
  expect(await renewFile(database, book(), sync)).toBe(true)
  expect(done.slice(-8)).toEqual([
    'flush ledger.db.renewing',
    'name ledger.db.renewed',
    'flush',
    'remove ledger.db-wal',
    'remove ledger.db-shm',
    'flush',
    'name ledger.db',
    'flush',
  ])
})

test('so it is when a start finds a copy that was not renamed', async () => {
  for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db.renewed'])
    writeFileSync(join(directory, name), '')
  await finishRenewal(book())
  expect(done).toEqual([
    'remove ledger.db-wal',
    'remove ledger.db-shm',
    'flush',
    'name ledger.db',
    'flush',
  ])
})

test('a damaged file is set aside on disk before its log is', async () => {
  for (const name of ['ledger.db', 'ledger.db-wal']) writeFileSync(join(directory, name), '')
  await setFilesAside(book(), 0)
  expect(done).toEqual([
    'name ledger.db.damaged-1970-01-01T000000000Z',
    'flush',
    'name ledger.db.damaged-1970-01-01T000000000Z-wal',
    'flush',
  ])
})

test('a backup has its name on disk when it is reported as made', async () => {
  const bench = await openBench()
  await bench.report('requests', unit)
  await backupBook(bench.directory, join(directory, 'backup.db'))
  expect(done).toEqual(['flush draft', 'name backup.db', 'flush'])
})

test('a new book has its name on disk, and that of its directory, before anything is acknowledged', async () => {
  const inner = join(directory, 'data')
  mkdirSync(inner)
  await openBench({ directory: inner })
  // Both are flushed at once, and either may be first.
  const flushed = done.filter((each) => !each.includes('ledger.db')).toSorted()
  expect(flushed).toEqual(['flush', 'flush data'])
})
