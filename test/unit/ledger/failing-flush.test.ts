import { describe, expect, test, vi } from 'vitest'
import type { SidecarError } from '../../../src/kernel/errors.ts'
import type { DataSync } from '../../../src/store/sqlite/file/disk.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { settle } from '../../support/manual-clock.ts'

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
    await expect(shared).rejects.toMatchObject({ code: 'LedgerFailed' })
    await expect(later).rejects.toMatchObject({ code: 'LedgerFailed' })
    expect(onFatal).toHaveBeenCalledOnce()
  })

  test('acknowledges nothing after it, even when the disk works again', async () => {
    const { report, disk } = await openFailingBench()
    disk.works = false
    await expect(report('requests', unit)).rejects.toMatchObject({ code: 'LedgerFailed' })
    disk.works = true
    await expect(report('requests', unit)).rejects.toMatchObject({ code: 'LedgerFailed' })
  })

  test('leaves every report that was acknowledged before it to the next start', async () => {
    const { report, ledger, directory, clock, disk } = await openFailingBench()
    await report('requests', 5n * unit, { idempotencyKey: 'kept' })
    disk.works = false
    await expect(
      report('requests', 7n * unit, { idempotencyKey: 'in limbo' }),
    ).rejects.toMatchObject({ code: 'LedgerFailed' })
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
