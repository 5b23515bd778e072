import { readdirSync, readlinkSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import type { DataSync } from '../../../src/store/sqlite/file/data-sync.ts'
import { schemaVersion } from '../../../src/store/sqlite/migrations/migrate.ts'
import { ForgetfulDisk } from '../../support/ledger/forgetful-disk.ts'
import {
  openBench,
  reportOf,
  temporaryDirectory,
  unit,
  type LedgerBench,
} from '../../support/ledger/ledger-bench.ts'
import { settle } from '../../support/manual-clock.ts'
import { refusal } from '../../support/refusal.ts'

/** A disk that works until it is told to fail. */
function createDisk() {
  const disk = { works: true }
  const dataSync: DataSync = () =>
    disk.works ? Promise.resolve() : Promise.reject(new Error('EIO: i/o error, fdatasync'))
  return { disk, dataSync }
}

async function openFailingBench() {
  const onFatal = vi.fn<(error: SidecarError) => void>()
  const { disk, dataSync } = createDisk()
  return { ...(await openBench({ dataSync, onFatal })), disk, onFatal }
}

describe('a flush that fails', () => {
  test('acknowledges none of the reports that shared it', async () => {
    const bench = await openFailingBench()
    const { report, disk, onFatal } = bench
    disk.works = false
    const results = await Promise.allSettled([1n, 2n, 3n].map((n) => report('requests', n * unit)))
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'LedgerFailed' } })
    expect(onFatal).toHaveBeenCalledOnce()
    expect(onFatal.mock.calls[0]?.[0].message).toContain('EIO')
    expect(bench.told('ledgerFailed')).toHaveLength(1)
    expect(bench.told('usageReported')).toEqual([])
  })

  test('acknowledges nothing that came while it was under way', async () => {
    const flush = Promise.withResolvers<void>()
    const pending: Promise<void>[] = []
    const onFatal = vi.fn<(error: SidecarError) => void>()
    const { report } = await openBench({
      onFatal,
      dataSync: () => pending.pop() ?? Promise.resolve(),
    })
    pending.push(flush.promise)
    const shared = report('requests', unit)
    await settle()
    const later = report('requests', unit)
    await settle()
    flush.reject(new Error('EIO'))
    await expect(shared).rejects.toMatchObject(refusal('LedgerFailed'))
    await expect(later).rejects.toMatchObject(refusal('LedgerFailed'))
    expect(onFatal).toHaveBeenCalledOnce()
  })

  test('shows nothing that is not on disk', async () => {
    const flush = Promise.withResolvers<void>()
    const pending: Promise<void>[] = []
    const { report, ledger } = await openBench({
      dataSync: () => pending.pop() ?? Promise.resolve(),
    })
    pending.push(flush.promise)
    const reported = report('requests', unit)
    await settle()
    const shown = [ledger.usage(), ledger.gauges()]
    flush.reject(new Error('EIO'))
    for (const answer of [reported, ...shown])
      await expect(answer).rejects.toMatchObject(refusal('LedgerFailed'))
  })

  test('acknowledges nothing after it, even when the disk works again', async () => {
    const { report, disk } = await openFailingBench()
    disk.works = false
    await expect(report('requests', unit)).rejects.toMatchObject(refusal('LedgerFailed'))
    disk.works = true
    await expect(report('requests', unit)).rejects.toMatchObject(refusal('LedgerFailed'))
  })

  test('leaves every report that was acknowledged before it to the next start', async () => {
    const { report, ledger, directory, clock, disk } = await openFailingBench()
    await report('requests', 5n * unit, { idempotencyKey: 'kept' })
    disk.works = false
    await expect(
      report('requests', 7n * unit, { idempotencyKey: 'in limbo' }),
    ).rejects.toMatchObject(refusal('LedgerFailed'))
    await ledger.close()

    const next = await openBench({ directory, clock })
    const again = [
      reportOf('requests', 5n * unit, { idempotencyKey: 'kept' }),
      reportOf('requests', 7n * unit, { idempotencyKey: 'in limbo' }),
    ]
    const [kept] = await next.ledger.report({ reports: again, idempotencyKey: undefined })
    expect(kept?.result).toBe('duplicate')
    expect(await next.ledger.audit()).toMatchObject([{ reported: 12n * unit, imbalance: 0n }])
  })
})

describe('a power cut after a flush failed and the sidecar started again', () => {
  /** Acknowledges `reports`, each in a group of its own; returns how many. */
  async function acknowledge({ report }: LedgerBench, name: string, reports: number) {
    for (let index = 0; index < reports; index += 1)
      await report('requests', unit, { idempotencyKey: `${name}-${index}-${'x'.repeat(180)}` })
    return reports
  }

  async function expectKept(directory: string, acknowledged: number) {
    const bench = await openBench({ directory })
    const [balance] = await bench.ledger.audit()
    expect(bench.told('ledgerSetAside')).toEqual([])
    expect(balance?.imbalance).toBe(0n)
    expect(Number((balance?.reported ?? 0n) / unit)).toBeGreaterThanOrEqual(acknowledged)
  }

  test('leaves every acknowledged report when the log was not flushed', async () => {
    const disk = new ForgetfulDisk()
    const { dataSync } = disk
    const failing = await openBench({ dataSync })
    let acknowledged = await acknowledge(failing, 'before', 20)
    disk.failing = 'ledger.db-wal'
    await expect(failing.report('requests', unit)).rejects.toMatchObject(refusal('LedgerFailed'))
    disk.failing = undefined

    const next = await openBench({ dataSync, directory: disk.killProcess(failing.directory) })
    acknowledged += await acknowledge(next, 'after', 53)
    await expectKept(disk.cutPower(next.directory), acknowledged)
  })

  test.each([
    ['nothing else', undefined],
    ['a command', 'LedgerBusy'],
  ])(
    'leaves every acknowledged report when a checkpoint was not flushed, with %s reading the file',
    async (reader, code) => {
      const disk = new ForgetfulDisk()
      const { dataSync } = disk
      const onFatal = vi.fn<() => void>()
      const failing = await openBench({ dataSync, onFatal })
      const { directory, clock } = failing
      const path = join(directory, 'ledger.db')
      const other = reader === 'a command' ? new DatabaseSync(path, { readOnly: true }) : undefined
      other?.prepare('SELECT count(*) FROM account').get()
      let acknowledged = 0
      // The main file is flushed only after the log was copied into it.
      disk.failing = 'ledger.db'
      while (onFatal.mock.calls.length === 0) {
        acknowledged += await acknowledge(failing, `before-${acknowledged}`, 1)
        await settle()
      }
      await failing.ledger.close()
      disk.failing = undefined

      const start = () => openBench({ dataSync, directory, clock })
      const refused: unknown = other && (await start().catch((error: unknown) => error))
      expect(refused instanceof SidecarError ? refused.code : undefined).toBe(code)
      other?.close()
      const next = await start()
      acknowledged += await acknowledge(next, 'after', 20)
      await expectKept(disk.cutPower(next.directory), acknowledged)
    },
  )
})

test('the names of new directories are flushed before anything is acknowledged', async () => {
  const above = temporaryDirectory()
  await using anyFile = await open(process.execPath)
  const sync = vi.spyOn(Object.getPrototypeOf(anyFile) as FileHandle, 'sync')
  onTestFinished(() => sync.mockRestore())
  const synced: string[] = []
  sync.mockImplementation(function noteDirectory(this: FileHandle) {
    synced.push(readlinkSync(`/proc/self/fd/${this.fd}`))
    return Promise.resolve()
  })
  await openBench({ directory: join(above, 'a', 'b') })
  expect(synced).toEqual(expect.arrayContaining([join(above, 'a', 'b'), join(above, 'a'), above]))
})

test('a new file gets its name only when its content is on disk', async () => {
  const directory = temporaryDirectory()
  const synced: unknown[] = []
  const dataSync: DataSync = async ({ fd }) => {
    const path = readlinkSync(`/proc/self/fd/${fd}`)
    if (synced.push(basename(path)) > 1) return
    expect(readdirSync(directory)).not.toContain('ledger.db')
    using draft = new DatabaseSync(path, { readOnly: true })
    expect(draft.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion })
  }
  await openBench({ directory, dataSync })
  expect(synced.slice(0, 3)).toEqual(['ledger.db.new', 'ledger.db', 'ledger.db-wal'])
})
