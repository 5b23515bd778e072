import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { walHeaderIsSound } from '../../../src/store/sqlite/file/wal-header.ts'
import { openBench, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { refusal } from '../../support/refusal.ts'

/** A ledger as a killed process leaves it: the last commits are in the write-ahead log. */
async function killedLedger(): Promise<string> {
  const bench = await openBench()
  for (let index = 0; index < 50; index += 1)
    await bench.report('requests', unit, { idempotencyKey: `key-${index}` })
  const directory = temporaryDirectory()
  for (const name of ['ledger.db', 'ledger.db-wal'])
    copyFileSync(join(bench.directory, name), join(directory, name))
  return directory
}

/** The same after a proper end: everything is in the main file. */
async function closedLedger(): Promise<string> {
  const directory = await killedLedger()
  const { ledger } = await openBench({ directory })
  await ledger.close()
  return directory
}

const garbage = Buffer.from('this is no database '.repeat(1000))
const main = (directory: string) => join(directory, 'ledger.db')
const wal = (directory: string) => join(directory, 'ledger.db-wal')
const reported = async (ledger: Ledger) => (await ledger.audit())[0]?.reported ?? 0n

describe('a ledger that a killed process left', () => {
  test('has everything that was acknowledged', async () => {
    const { ledger } = await openBench({ directory: await killedLedger() })
    expect(await reported(ledger)).toBe(50n * unit)
  })

  test('is whole without its write-ahead log after a proper end', async () => {
    const directory = await killedLedger()
    const first = await openBench({ directory })
    await first.ledger.close()
    expect(existsSync(wal(directory))).toBe(false)
    const { ledger } = await openBench({ directory })
    expect(await reported(ledger)).toBe(50n * unit)
  })
})

describe('a renewal that was killed', () => {
  const renewed = (directory: string) => `${main(directory)}.renewed`

  test('before its copy was whole begins again', async () => {
    const directory = await killedLedger()
    writeFileSync(`${main(directory)}.renewing`, 'half a copy')
    const { ledger } = await openBench({ directory })
    expect(await reported(ledger)).toBe(50n * unit)
    expect(readdirSync(directory).toSorted()).toEqual(
      ['ledger.db', 'ledger.db-shm', 'ledger.db-wal', 'ledger.lock'].toSorted(),
    )
  })

  test.each(['the log', 'no log'])(
    'with a whole copy, and %s of the old file, goes on with the copy',
    async (log) => {
      const directory = await killedLedger()
      copyFileSync(main(await closedLedger()), renewed(directory))
      // What the disk has of the old file cannot be trusted.
      truncateSync(main(directory), 8192)
      if (log === 'no log') rmSync(wal(directory))
      const bench = await openBench({ directory })
      expect(await reported(bench.ledger)).toBe(50n * unit)
      expect(bench.told('ledgerSetAside')).toEqual([])
      expect(existsSync(renewed(directory))).toBe(false)
    },
  )

  test('leaves the book to the next start: a command neither reads nor changes it', async () => {
    const directory = await killedLedger()
    copyFileSync(main(await closedLedger()), renewed(directory))
    const read = readBook(directory, (book) => book.owner())
    await expect(read).rejects.toMatchObject(refusal('LedgerInUse'))
  })
})

describe('a damaged ledger is set aside and a new one started', () => {
  test.each<[string, () => Promise<string>, (directory: string) => void]>([
    ['an empty main file', killedLedger, (directory) => truncateSync(main(directory), 0)],
    [
      'a main file of garbage',
      closedLedger,
      (directory) => writeFileSync(main(directory), garbage),
    ],
    [
      'a main file cut inside its header',
      closedLedger,
      (directory) => truncateSync(main(directory), 50),
    ],
    [
      'a write-ahead log of garbage',
      killedLedger,
      (directory) => writeFileSync(wal(directory), garbage),
    ],
    [
      'a write-ahead log cut inside its header',
      killedLedger,
      (directory) => truncateSync(wal(directory), 20),
    ],
  ])('after %s', async (_, ledgerOf, damage) => {
    const directory = await ledgerOf()
    damage(directory)
    const damaged = readFileSync(main(directory))
    const { log, lines } = createRecordedLog()
    const bench = await openBench({ directory, log })

    const [aside] = bench.told('ledgerSetAside')
    expect(lines).toMatchObject([{ event: 'ledger.set-aside', fields: aside }])
    expect(lines[0]?.message).toMatch(
      /^The ledger was damaged \(.+\) and is kept as .+ The sidecar/,
    )
    expect(aside?.reason).toMatch(/^.{5,}$/)
    expect(aside?.path).toMatch(/ledger\.db\.damaged-2026-03-10T091500000Z$/)
    expect(readFileSync(aside?.path ?? '')).toEqual(damaged)
    expect(await reported(bench.ledger)).toBe(0n)
    await bench.report('requests', unit)
    expect(await reported(bench.ledger)).toBe(unit)
  })

  test('together with its write-ahead log', async () => {
    const directory = await killedLedger()
    writeFileSync(wal(directory), garbage)
    await openBench({ directory })
    const kept = readdirSync(directory).filter((name) => name.includes('damaged'))
    expect(kept.some((name) => name.endsWith('-wal'))).toBe(true)
  })

  test('after a page in the middle was overwritten', async () => {
    const directory = await closedLedger()
    const bytes = readFileSync(main(directory))
    bytes.fill(0xa5, 4096, 4096 * 4)
    writeFileSync(main(directory), bytes)
    const bench = await openBench({ directory })
    expect(bench.told('ledgerSetAside')).toHaveLength(1)
  })

  test('after the main file was cut in half', async () => {
    const directory = await closedLedger()
    truncateSync(main(directory), Math.floor(statSync(main(directory)).size / 8192) * 4096)
    const bench = await openBench({ directory })
    expect(bench.told('ledgerSetAside')).toHaveLength(1)
  })

  test('as often as it happens, without overwriting what was set aside before', async () => {
    const directory = await closedLedger()
    for (const expected of [1, 2]) {
      writeFileSync(main(directory), garbage)
      const bench = await openBench({ directory })
      await bench.ledger.close()
      const kept = readdirSync(directory).filter((name) => /damaged-.*Z(-\d)?$/.test(name))
      expect(kept).toHaveLength(expected)
    }
  })
})

describe('a kill while a damaged ledger is set aside', () => {
  const parts = ['', '-wal', '-shm']

  test.each([1, 2, 3])(
    'after %i of its steps: the new ledger gets nothing of the old one, of which all is kept',
    async (steps) => {
      const directory = await killedLedger()
      writeFileSync(`${main(directory)}-shm`, Buffer.alloc(32_768))
      const before = parts.map((part) => readFileSync(main(directory) + part))
      const kept = `${main(directory)}.damaged-2026-03-10T091400000Z`
      for (const part of parts.slice(0, steps)) renameSync(main(directory) + part, kept + part)

      const bench = await openBench({ directory })
      expect(await reported(bench.ledger)).toBe(0n)
      await bench.report('requests', unit)
      expect(await reported(bench.ledger)).toBe(unit)
      expect(parts.map((part) => readFileSync(kept + part))).toEqual(before)
      const reason = 'a start was killed while it set the file aside'
      expect(bench.told('ledgerSetAside')).toEqual(steps < 3 ? [{ path: kept, reason }] : [])
    },
  )

  test('a log whose main file is gone is kept under a name of its own', async () => {
    const directory = await killedLedger()
    rmSync(main(directory))
    const bench = await openBench({ directory })
    expect(await reported(bench.ledger)).toBe(0n)
    const [aside] = bench.told('ledgerSetAside')
    expect(existsSync(`${aside?.path}-wal`)).toBe(true)
  })
})

describe('the header of a write-ahead log', () => {
  test('is sound when SQLite wrote it, when there is none, and when nothing was flushed', async () => {
    const directory = await killedLedger()
    expect(walHeaderIsSound(wal(directory))).toBe(true)
    expect(walHeaderIsSound(join(directory, 'no-such-file'))).toBe(true)
    writeFileSync(wal(directory), Buffer.alloc(8192))
    expect(walHeaderIsSound(wal(directory))).toBe(true)
  })

  test('is not sound with one bit changed', async () => {
    const directory = await killedLedger()
    const bytes = readFileSync(wal(directory))
    bytes[17] = (bytes[17] ?? 0) ^ 1
    writeFileSync(wal(directory), bytes)
    expect(walHeaderIsSound(wal(directory))).toBe(false)
  })
})

describe('a data directory', () => {
  test('that is missing is made', async () => {
    const directory = join(temporaryDirectory(), 'a', 'b')
    await openBench({ directory })
    expect(existsSync(main(directory))).toBe(true)
  })

  test('that cannot be written is an error that says what to mount', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const opened = openBench({ directory: join(file, 'below') })
    await expect(opened).rejects.toMatchObject(refusal('DataDirectoryUnusable'))
    await expect(opened).rejects.toThrow(/Mount a writable volume/)
  })

  test('that another sidecar uses is refused, and free again when that one ends', async () => {
    const first = await openBench()
    const { directory } = first
    await expect(openBench({ directory })).rejects.toMatchObject(refusal('LedgerInUse'))
    await first.ledger.close()
    await expect(openBench({ directory })).resolves.toBeDefined()
  })

  test('with a lock file of garbage is used, and locked', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'ledger.lock'), garbage)
    await openBench({ directory })
    await expect(openBench({ directory })).rejects.toMatchObject(refusal('LedgerInUse'))
  })

  test('whose lock file cannot be used says so, and names no other sidecar', async () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'ledger.lock'))
    const opened = openBench({ directory })
    await expect(opened).rejects.toMatchObject(refusal('DataDirectoryUnusable'))
    await expect(opened).rejects.toThrow(/lock file/)
  })

  test('with a ledger of a newer sidecar is refused without being touched', async () => {
    const { directory, ledger } = await openBench()
    await ledger.close()
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(main(directory))
    database.exec('PRAGMA user_version = 99')
    database.close()
    const before = readFileSync(main(directory))
    await expect(openBench({ directory })).rejects.toThrow(/schema version 99/)
    expect(readFileSync(main(directory))).toEqual(before)
  })

  test('whose ledger is a directory says so', async () => {
    const directory = temporaryDirectory()
    mkdirSync(main(directory))
    const opened = openBench({ directory })
    await expect(opened).rejects.toMatchObject(refusal('DataDirectoryUnusable'))
    await expect(opened).rejects.toThrow(/ledger\.db/)
  })
})
