import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import type { SidecarError } from '../../../src/kernel/errors.ts'
import { backupBook } from '../../../src/store/sqlite/file/commands/backup-book.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { openBench } from '../../support/ledger/ledger-bench.ts'
import { Directories, openBook, report } from '../../support/ledger/ledger-book.ts'
import { openLedger, plainMeaning } from '../../support/ledger/open-ledger.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { refusal } from '../../support/refusal.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const directories = new Directories()
let directory: string
let elsewhere: string
let clock: ManualClock
beforeEach(() => {
  directory = directories.make()
  elsewhere = join(directories.make(), 'elsewhere')
  clock = new ManualClock()
})
afterEach(() => directories.removeAll())

describe('a symbolic link in the data directory', () => {
  test.each([
    'ledger.db',
    'ledger.lock',
    'ledger.db-wal',
    'ledger.db-shm',
    'ledger.db.new',
    'ledger.db.renewing',
    'ledger.db.renewed',
  ])('in the place of %s is refused by name, and its target stays as it is', async (name) => {
    writeFileSync(elsewhere, 'of someone else')
    symlinkSync(elsewhere, join(directory, name))
    await expect(openBook(directory, clock)).rejects.toMatchObject({
      code: 'DataDirectoryUnusable',
      message: expect.stringContaining(`${name} is a symbolic link`),
    })
    expect(readFileSync(elsewhere, 'utf8')).toBe('of someone else')
  })

  test('in the place of the file that proves that the directory can be written is not followed', async () => {
    symlinkSync(elsewhere, join(directory, '.write-probe'))
    await (await openBook(directory, clock)).close()
    expect(existsSync(elsewhere)).toBe(false)
  })

  test('is not read by a command either', async () => {
    const other = directories.make()
    await (await openBook(other, clock)).close()
    symlinkSync(join(other, 'ledger.db'), join(directory, 'ledger.db'))
    await expect(readBook(directory, (book) => book.owner())).rejects.toMatchObject(
      refusal('DataDirectoryUnusable'),
    )
  })
})

describe('the files of a ledger', () => {
  const modes = () =>
    new Map(
      readdirSync(directory).map((name) => [name, lstatSync(join(directory, name)).mode & 0o777]),
    )

  test('can be read by their user alone', async () => {
    const book = await openBook(directory, clock)
    await report(book, 'requests', 1)
    expect(modes()).toEqual(
      new Map(
        ['ledger.db', 'ledger.db-shm', 'ledger.db-wal', 'ledger.lock'].map((name) => [name, 0o600]),
      ),
    )
    await backupBook(directory, elsewhere)
    expect(statSync(elsewhere).mode & 0o777).toBe(0o600)
    await book.close()
  })

  test('that an earlier version left readable are closed to others', async () => {
    await (await openBook(directory, clock)).close()
    for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o644)
    const book = await openBook(directory, clock)
    expect(new Set(modes().values())).toEqual(new Set([0o600]))
    await book.close()
  })

  test.each([
    ['the directory', () => rmSync(directory, { recursive: true })],
    ['the ledger', () => rmSync(join(directory, 'ledger.db'))],
    ['its log', () => rmSync(join(directory, 'ledger.db-wal'))],
  ])('when %s is deleted under a running sidecar nothing more is acknowledged', async (_, take) => {
    const fatal: SidecarError[] = []
    const book = await openLedger({
      directory,
      resource: 'task/one',
      clock,
      events: new Events(),
      log: createSilentLog(),
      meaningOf: plainMeaning,
      maxTagSets: 10,
      onFatal: (error) => fatal.push(error),
    })
    await report(book, 'requests', 1)
    take()
    await expect(report(book, 'requests', 1)).rejects.toMatchObject(refusal('LedgerFailed'))
    expect(fatal[0]?.message).toContain('were deleted under the running sidecar')
    await book.close()
  })
})

describe('a lock', () => {
  const header = Buffer.concat([
    Buffer.from('SQLite format 3\0'),
    Buffer.from([0x10, 0, 1, 1, 0, 64, 32, 32]),
    Buffer.alloc(9000, 7),
  ])
  test.each([
    ['a text', 'locked by process 12'],
    ['the header of a database and garbage', header],
  ])('that is %s keeps no sidecar out', async (_, content) => {
    writeFileSync(join(directory, 'ledger.lock'), content)
    const log: unknown[] = []
    const { ledger } = await openBench({ directory, log: (...line) => void log.push(...line) })
    await ledger.close()
    expect(existsSync(join(directory, 'ledger.db'))).toBe(true)
    expect(log).toEqual([
      'ledger.lock-garbage',
      expect.stringMatching(/ledger\.lock held something that is not a lock.* Find out what else/),
      { path: join(directory, 'ledger.lock') },
    ])
  })

  test('that is a directory is named', async () => {
    mkdirSync(join(directory, 'ledger.lock'))
    await expect(openBook(directory, clock)).rejects.toMatchObject({
      code: 'DataDirectoryUnusable',
      message: expect.stringMatching(/ledger\.lock is not an ordinary file/),
    })
  })
})

describe('a directory with a limit', () => {
  const limitBytes = 60_000_000
  const open = () =>
    openLedger({
      directory,
      limitBytes,
      resource: 'task/one',
      clock,
      events: new Events(),
      log: createSilentLog(),
      meaningOf: plainMeaning,
      maxTagSets: 2500,
      onFatal: () => {},
    })
  const used = () =>
    readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)

  test('refuses reports before it is reached, and still says how much is free', async () => {
    const book = await open()
    const free = (await book.space()).freeBytes
    expect(free).toBeLessThan(limitBytes)
    expect((await book.space()).volumeBytes).toBeLessThanOrEqual(limitBytes)
    let reports = 0
    const fill = async () => {
      for (; reports < 2000; reports += 1)
        await book.report({
          idempotencyKey: undefined,
          reports: Array.from({ length: 500 }, (_, index) => ({
            dimension: 'requests',
            quantity: 1_000_000n,
            occurredAt: undefined,
            tags: '' as const,
            idempotencyKey: `${reports}-${index}-${'k'.repeat(200)}`,
          })),
        })
    }
    await expect(fill()).rejects.toMatchObject(refusal('LedgerFull'))
    expect(reports).toBeGreaterThan(5)
    expect(used()).toBeLessThan(limitBytes)
    expect((await book.space()).freeBytes ?? 0).toBeLessThan(free ?? 0)
    await book.close()
    expect(used()).toBeLessThan(limitBytes / 2)
  })
})
