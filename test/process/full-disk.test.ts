import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFastClock } from '../../src/kernel/clock.ts'
import { hourMs } from '../../src/metering/hour.ts'
import type { Settlement } from '../../src/metering/record/record.ts'
import {
  accepted,
  openBook,
  report as reportTo,
  seal,
  send,
} from '../support/ledger/ledger-book.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { createRecordedLog } from '../support/recorded-log.ts'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/**
 * No file of the process may grow beyond this many KiB: writing more fails, as on a full disk. What is
 * kept for sending has room, and 300 KiB are left for usage.
 */
const limitKib = 4420

const throttled: Settlement = {
  kind: 'not-taken',
  code: 'ThrottlingException',
  message: 'Rate exceeded.',
}

/** Starts the demo under a limit for the size of files; resolves with the application's port. */
function startOnSmallDisk(dataDir: string): Promise<number> {
  const demo = `demo --port 0 --ops-port 0 --emulator-port 0 --hour 1h --data-dir ${dataDir}`
  const child = spawn(
    'bash',
    ['-c', `ulimit -S -f ${limitKib}; exec "${process.execPath}" src/main.ts ${demo}`],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
    rmSync(dataDir, { recursive: true, force: true })
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)))
    createInterface(child.stdout).on('line', (line) => {
      const [, port] = /localhost:(\d+)\/v1\/entitlement/.exec(line) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/** Whether this user may mount a memory disk. */
function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  const { path, unmount } = mountVolume()
  unmount()
  return path !== undefined
}

/** A volume of 6 MiB. */
function mountVolume() {
  const path = mkdtempSync(join(tmpdir(), 'small-volume-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6M', 'tmpfs', path])
  return {
    path: status === 0 ? path : undefined,
    unmount: () => {
      spawnSync('umount', ['-l', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}

describe.runIf(canMount())('a volume that another program has filled', () => {
  /** A book with usage of an hour that is over, on a volume without a free byte. */
  async function fillVolume() {
    const { path: directory = '', unmount } = mountVolume()
    onTestFinished(unmount)
    const clock = new ManualClock()
    const book = await openBook(directory, clock)
    const tags = (index: number) => ({ tenant: `tenant-${index}` })
    for (let index = 0; index < 100; index += 1) await reportTo(book, 'requests', 1, tags(index))
    await clock.advance(hourMs)
    expect(spawnSync('dd', ['if=/dev/zero', `of=${join(directory, 'log')}`]).status).toBe(1)
    return { book, clock, directory }
  }

  test('refuses usage with 507, and seals, marks and settles what the book has', async () => {
    const { book, clock } = await fillVolume()
    let refused: unknown
    for (let index = 0; index < 50 && refused === undefined; index += 1) {
      const tags = { tenant: `another-${index}` }
      refused = await reportTo(book, 'requests', 1, tags).catch((error: unknown) => error)
    }
    expect(refused).toMatchObject({ code: 'LedgerFull' })
    const [record] = await seal(book, clock.now())
    for (let attempts = 0; attempts < 100; attempts += 1)
      await send(book, record?.id ?? 0, throttled)
    expect(await send(book, record?.id ?? 0, accepted)).toMatchObject({ state: 'accepted' })
    expect(await book.audit()).toMatchObject([{ imbalance: 0n }])
    await book.close()
  })

  test('seals and sends also when the process was killed, and goes on when there is room', async () => {
    const { book: killed, clock, directory } = await fillVolume()
    onTestFinished(() => killed.close())
    const copy = mountVolume()
    onTestFinished(copy.unmount)
    const next = copy.path ?? ''
    for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'])
      copyFileSync(join(directory, name), join(next, name))
    spawnSync('dd', ['if=/dev/zero', `of=${join(next, 'log')}`])
    const book = await openBook(next, clock)
    const [record] = await seal(book, clock.now())
    expect(await send(book, record?.id ?? 0, accepted)).toMatchObject({ state: 'accepted' })
    rmSync(join(next, 'log'))
    await reportTo(book, 'requests', 1)
    await book.close()
  })

  test.each(['with a ledger', 'without one'])(
    'does not keep a sidecar from starting, and the ledger opens when there is room: %s',
    async (ledger) => {
      const { path: volume = '', unmount } = mountVolume()
      onTestFinished(unmount)
      const dataDir = join(volume, 'data')
      if (ledger === 'with a ledger') {
        const book = await openBook(dataDir, new ManualClock())
        await reportTo(book, 'requests', 1)
        await book.close()
      }
      spawnSync('dd', ['if=/dev/zero', `of=${join(volume, 'log')}`])
      const { log, lines } = createRecordedLog()
      const timers = createFastClock(500, Date.now())
      const sidecar = await startHarness({ dataDir, timers, log })
      onTestFinished(() => sidecar.close())
      await sidecar.until(async () => (await sidecar.get('/v1/entitlement')).status === 200)
      const report = { dimension: 'requests', quantity: 1, idempotencyKey: 'k' }
      expect(await sidecar.post(report)).toMatchObject({
        status: 507,
        body: { code: 'LedgerFull' },
      })
      expect(await sidecar.ops('/livez')).toMatchObject({ status: 200 })
      rmSync(join(volume, 'log'))
      await sidecar.until(async () => (await sidecar.post(report)).status === 200)
      expect(lines.map(({ event }) => event)).toEqual(
        expect.arrayContaining(['ledger.away', 'ledger.back']),
      )
    },
  )
})

test('a full disk answers 507, acknowledges nothing it did not store, and recovers automatically', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'small-disk-'))
  const usage = `http://127.0.0.1:${await startOnSmallDisk(dataDir)}/v1/usage`
  const report = async (idempotencyKey: string) => {
    const body = JSON.stringify({ dimension: 'requests', quantity: 1, idempotencyKey })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(usage, { method: 'POST', headers, body })
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
  }

  let refusals = 0
  const reports = 250
  for (let index = 0; index < reports; index += 1) {
    let answer = await report(`key-${index}`)
    for (let repeats = 0; answer.status === 507 && repeats < 10; repeats += 1) {
      refusals += 1
      expect(answer.answer).toMatchObject({ code: 'LedgerFull' })
      answer = await report(`key-${index}`)
    }
    expect(answer).toMatchObject({ status: 200, answer: { result: 'accepted' } })
  }
  expect(refusals).toBeGreaterThan(0)
  const book = (await (await fetch(usage)).json()) as { open: { quantity: number }[] }
  expect(book.open.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(reports)
})
