import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DataSync } from '../../../src/store/sqlite/file/data-sync.ts'
import { openBench, reportOf, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'

const sectorBytes = 512

/** A small generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * What a disk may hold after a power cut: what was flushed is there, and of what was written after it
 * any sector may have arrived or not, the end of the file included.
 */
function tornImage(flushed: Buffer, written: Buffer, random: () => number): Buffer {
  const arrives = random()
  const image = Buffer.alloc(written.length)
  flushed.copy(image, 0, 0, Math.min(flushed.length, written.length))
  for (let at = 0; at < written.length; at += sectorBytes) {
    const now = written.subarray(at, at + sectorBytes)
    if (random() < arrives) now.copy(image, at)
  }
  const shortest = Math.min(flushed.length, written.length)
  return image.subarray(0, shortest + Math.floor(random() * (written.length - shortest + 1)))
}

interface Cut {
  readonly acknowledged: number
  readonly main: Buffer
  readonly wal: Buffer
}

/** Writes reports, cuts the power at random moments, and gives what the disk may hold at each. */
async function cutsOf(seed: number, groups: number, cuts: number): Promise<Cut[]> {
  const random = randomOf(seed)
  const directory = temporaryDirectory()
  const read = (name: string) => readFileSync(join(directory, name))
  const taken: Cut[] = []
  const flushed = { main: Buffer.alloc(0), wal: Buffer.alloc(0) }
  let acknowledged = 0
  let cutting = false
  const cut = () => {
    const main = tornImage(flushed.main, read('ledger.db'), random)
    taken.push({ acknowledged, main, wal: tornImage(flushed.wal, read('ledger.db-wal'), random) })
  }

  // The main file is opened, and flushed, first.
  const handles: unknown[] = []
  const dataSync: DataSync = (handle) => {
    // The draft of a new file, before it has its name.
    if (!existsSync(join(directory, 'ledger.db'))) return Promise.resolve()
    if (!handles.includes(handle)) handles.push(handle)
    const isMain = handles.indexOf(handle) === 0
    // A checkpoint comes when the log is flushed and the main file is not.
    if (isMain && handles.length > 1) flushed.wal = read('ledger.db-wal')
    if (cutting || (isMain && handles.length > 1)) cut()
    if (isMain) flushed.main = read('ledger.db')
    else if (cutting || handles.length < 3) flushed.wal = read('ledger.db-wal')
    return Promise.resolve()
  }
  const { ledger } = await openBench({ directory, dataSync })
  const every = Math.floor(groups / cuts)
  for (let group = 0; group < groups; group += 1) {
    // The group before a cut is watched too, for what it flushes is what must survive.
    cutting = group % every < 2
    if (group % every === 0) flushed.wal = read('ledger.db-wal')
    const reports = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) =>
      reportOf('requests', unit, { idempotencyKey: `${group}-${index}` }),
    )
    await ledger.report({ reports, idempotencyKey: undefined })
    acknowledged += reports.length
  }
  await ledger.close()
  return taken
}

describe('a power cut', () => {
  test.each([11, 12])(
    'leaves every acknowledged report, whatever arrived of the rest (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const cuts = await cutsOf(seed, 300, 8)
      expect(cuts.length).toBeGreaterThan(12)
      for (const { acknowledged, main, wal } of cuts) {
        const directory = temporaryDirectory()
        writeFileSync(join(directory, 'ledger.db'), main)
        writeFileSync(join(directory, 'ledger.db-wal'), wal)
        const bench = await openBench({ directory })
        const [balance] = await bench.ledger.audit()
        expect(bench.told('ledgerSetAside')).toEqual([])
        expect(balance?.reported ?? 0n).toBeGreaterThanOrEqual(BigInt(acknowledged) * unit)
        expect(balance?.imbalance ?? 0n).toBe(0n)
        await bench.ledger.close()
      }
    },
  )
})
