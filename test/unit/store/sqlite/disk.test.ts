import fs, { statSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'
import { readlinkSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openDisk, type Disk } from '../../../../src/store/sqlite/file/disk.ts'
import { openDatabase } from '../../../../src/store/sqlite/file/open-database.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../../../support/ledger/open-ledger.ts'
import { refusal } from '../../../support/refusal.ts'

const frameBytes = 4096 + 24
/** What a log is long that has room for so many pages and the reserve. */
const logOf = (pages: number) => 32 + (pages + 1024) * frameBytes

async function openParts(limitBytes?: number) {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'ledger.db.damaged'), Buffer.alloc(1000))
  const flushed: string[] = []
  const dataSync = async ({ fd }: { readonly fd: number }) => {
    flushed.push(basename(readlinkSync(`/proc/self/fd/${fd}`)))
  }
  const opened = await openDatabase(directory, { now: 0, meaningOf: plainMeaning, dataSync })
  const disk = await openDisk(opened, dataSync, limitBytes)
  const { database, path } = opened
  onTestFinished(async () => {
    database.close()
    await disk.close()
  })
  const write = (rows: number) => {
    database.exec('CREATE TABLE IF NOT EXISTS filler (bytes BLOB) STRICT')
    database.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
       INSERT INTO filler SELECT zeroblob(4000) FROM n`,
    )
  }
  const logBytes = () => statSync(`${path}-wal`).size
  return { disk, database, path, write, logBytes, flushed: () => flushed.splice(0).toSorted() }
}

/** What lies next to the ledger and its log. */
const othersAt = (path: string) => 1000 + statSync(`${path}-shm`).size

describe('the room in the log', () => {
  test('is written ahead for what is reserved, and beyond it for sending what the book has', async () => {
    const { disk, logBytes } = await openParts()
    expect(logBytes()).toBe(logOf(0))
    expect(disk.reserve(10)).toBe(true)
    expect(logBytes()).toBe(logOf(10))
    expect(disk.reserve(5)).toBe(true)
    expect(logBytes()).toBe(logOf(15))
  })

  test('is refused where the limit of the directory would be passed, and stays as it was', async () => {
    const { path } = await openParts()
    const main = 2 * statSync(path).size
    const others = othersAt(path)
    // The file and its copy after a kill, with every page of the log in both, and the log; and what else is there.
    const needed = (pages: number) => main + 2 * (pages + 1024) * 4096 + logOf(pages)
    const enough = await openParts(needed(10) + others)
    expect(enough.disk.reserve(10)).toBe(true)
    expect(enough.disk.reserve(1)).toBe(false)
    expect(enough.logBytes()).toBe(logOf(10))
    const tooLittle = await openParts(needed(10) + others - 1)
    expect(tooLittle.disk.reserve(10)).toBe(false)
    expect(tooLittle.disk.reserve(9)).toBe(true)
  })

  /** What `reserve` answers or throws while every write fails. */
  function reserveWithout(disk: Disk, code: string): unknown {
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error(code), { code })
    })
    syncBuiltinESMExports()
    try {
      return disk.reserve(10)
    } catch (error) {
      return error
    } finally {
      vi.restoreAllMocks()
      syncBuiltinESMExports()
    }
  }

  test.each(['ENOSPC', 'EDQUOT'])('is refused where the volume has none: %s', async (code) => {
    const { disk, logBytes } = await openParts()
    expect([reserveWithout(disk, code), logBytes()]).toEqual([false, logOf(0)])
    expect(disk.reserve(10)).toBe(true)
  })

  test.each(['EROFS', 'EIO'])(
    'is no matter of room where nothing can be written: %s',
    async (code) => {
      const { disk, logBytes } = await openParts()
      expect(reserveWithout(disk, code)).toMatchObject(refusal('LedgerNotWritable'))
      expect(logBytes()).toBe(logOf(0))
    },
  )
})

describe('the log', () => {
  const pagesLeft = ({ database }: Awaited<ReturnType<typeof openParts>>) => {
    const { log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(NOOP)').get() ?? {}
    return Number(log) - Number(checkpointed)
  }

  test('is flushed with each group, alone', async () => {
    const { disk, flushed } = await openParts()
    flushed()
    await disk.flush()
    expect(flushed()).toEqual(['ledger.db-wal'])
  })

  test('is copied into the file when it has grown to a thousand pages, not before', async () => {
    const parts = await openParts()
    const { disk, write, flushed } = parts
    write(900)
    disk.reserve(1000)
    flushed()
    await disk.checkpointIfDue()
    expect(pagesLeft(parts)).toBeGreaterThan(900)
    expect(flushed()).toEqual([])
    write(150)
    disk.reserve(1000)
    await disk.checkpointIfDue()
    expect(pagesLeft(parts)).toBe(0)
    expect(flushed()).toEqual(['ledger.db'])
  })

  test('is looked at after sixteen groups, whatever was reserved for them', async () => {
    const parts = await openParts()
    parts.disk.reserve(500)
    parts.write(1)
    await parts.disk.checkpointIfDue(true)
    parts.write(1100)
    for (let group = 1; group < 16; group += 1) {
      await parts.disk.checkpointIfDue()
      expect(pagesLeft(parts)).toBeGreaterThan(1000)
    }
    await parts.disk.checkpointIfDue()
    expect(pagesLeft(parts)).toBe(0)
  })

  test('is copied at once after a transaction that failed, where it holds anything', async () => {
    const parts = await openParts()
    parts.flushed()
    parts.write(1)
    await parts.disk.checkpointIfDue(true)
    expect([pagesLeft(parts), parts.flushed()]).toEqual([0, ['ledger.db']])
    await parts.disk.checkpointIfDue(true)
    expect(parts.flushed()).toEqual([])
  })
})

test('the room of a directory is what its limit leaves, or its volume', async () => {
  const { disk, path, logBytes } = await openParts()
  const main = statSync(path).size
  const space = await disk.space()
  const volume = fs.statfsSync(path)
  expect(space.ledgerBytes).toBe(main + logBytes())
  expect(space.volumeBytes).toBe(volume.blocks * volume.bsize)
  expect(space.freeBytes).toBeGreaterThan(0)

  const limited = await openParts(60_000_000)
  const limit = 60_000_000 - othersAt(path)
  expect(await limited.disk.space()).toEqual({
    ledgerBytes: main + limited.logBytes(),
    volumeBytes: limit,
    // A start after a kill makes a copy of the file.
    freeBytes: limit - limited.logBytes() - 2 * main,
  })
  const tiny = await openParts(2000)
  expect((await tiny.disk.space()).freeBytes).toBe(0)
})

test('a disk that cannot be flushed keeps no file open', async () => {
  const directory = temporaryDirectory()
  const dataSync = () => Promise.resolve()
  const opened = await openDatabase(directory, { now: 0, meaningOf: plainMeaning, dataSync })
  const isOpen = (path: string) => fs.existsSync(path) && readlinkSync(path).startsWith(directory)
  const files = () =>
    fs.readdirSync('/proc/self/fd').filter((fd) => isOpen(`/proc/self/fd/${fd}`)).length
  const before = files()
  const failing = () => Promise.reject(new Error('EIO'))
  await expect(openDisk(opened, failing)).rejects.toMatchObject(refusal('LedgerFailed'))
  expect(files()).toBe(before)
  opened.database.close()
})
