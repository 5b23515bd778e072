import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../src/kernel/clock.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import {
  Directories,
  hourTaken,
  lost,
  openBook,
  refused,
  report,
  seal,
  send,
} from '../../support/ledger/ledger-book.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const execute = promisify(execFile)
const program = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
const directories = new Directories()
let directory: string
let clock: ManualClock
let book: Ledger

beforeEach(async () => {
  directory = directories.make()
  // The command has the machine's clock, so the ledger must not live in another year.
  clock = new ManualClock(hourOf(createSystemClock().now()) + 60_000)
  book = await openBook(directory, clock)
})

afterEach(async () => {
  await book.close()
  directories.removeAll()
})

/** The command in a process of its own, as an operator has it. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const all = [program, 'ledger', ...args, '--data-dir', directory]
  try {
    const { stdout, stderr } = await execute(process.execPath, all, { maxBuffer: 2 ** 24 })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

/** Reports, one after the other, until told to stop; resolves with how many units were acknowledged. */
function keepBusy(): () => Promise<number> {
  const state = { stopped: false, units: 0 }
  const work = (async () => {
    while (!state.stopped) {
      await Promise.all([1, 2, 3].map((quantity) => report(book, 'requests', quantity)))
      state.units += 6
    }
  })()
  return async () => {
    state.stopped = true
    await work
    return state.units
  }
}

describe('the command beside a busy sidecar', () => {
  test('resolves and retries while usage is written, and no unit is lost on either side', async () => {
    const start = hourOf(clock.now())
    for (const dimension of ['a', 'b', 'c']) await report(book, dimension, 5)
    await clock.advance(hourMs)
    const records = await seal(book, start + hourMs, clock.now())
    const [a = 0, b = 0, c = 0] = records.map(({ id }) => id)
    await send(book, a, lost, hourTaken)
    await send(book, b, lost, hourTaken)
    await send(book, c, refused)

    const stop = keepBusy()
    const results = await Promise.all([
      command('resolve', `${a}`, '--delivered', '--yes'),
      command('resolve', `${b}`, '--resend', '--force', '--yes', '--json'),
      command('retry', `${c}`),
      command('audit'),
    ])
    const units = await stop()

    expect(results.map(({ code, err }) => [code, err])).toEqual(results.map(() => [0, '']))
    expect(JSON.parse(results[1]?.out ?? '')).toMatchObject({
      record: { state: 'moved', movedTo: new Date(start + hourMs).toISOString() },
    })
    const balances = new Map((await book.audit()).map((balance) => [balance.dimension, balance]))
    expect([...balances.values()].map(({ imbalance }) => imbalance)).toEqual([0n, 0n, 0n, 0n])
    expect(balances.get('requests')?.reported).toBe(BigInt(units) * 1_000_000n)
    expect(balances.get('b')).toMatchObject({ open: 5_000_000n, recorded: 0n })
    expect(await book.pendingRecords()).toMatchObject([{ id: c, state: 'sealed' }])
    const sealed = await seal(book, start + 2 * hourMs, start + 2 * hourMs)
    expect(sealed.find(({ dimension }) => dimension === 'b')).toMatchObject({
      quantity: 5_000_000n,
    })
  })

  test('what it changed is there when the sidecar has stopped and started again', async () => {
    const start = hourOf(clock.now())
    await report(book, 'a', 5)
    await clock.advance(hourMs)
    const [record] = await seal(book, start + hourMs, clock.now())
    await send(book, record?.id ?? 0, lost, hourTaken)
    expect((await command('resolve', `${record?.id}`, '--resend', '--force', '--yes')).code).toBe(0)
    await report(book, 'a', 1)
    await book.close()
    book = await openBook(directory, clock)
    expect((await book.usage()).open).toMatchObject([{ dimension: 'a', quantity: 6_000_000n }])
  })

  test('of two that resolve the same record at once, one is told that it came too late', async () => {
    const start = hourOf(clock.now())
    await report(book, 'a', 5)
    await clock.advance(hourMs)
    const [record] = await seal(book, start + hourMs, clock.now())
    await send(book, record?.id ?? 0, lost, hourTaken)
    const results = await Promise.all([
      command('resolve', `${record?.id}`, '--resend', '--force', '--yes'),
      command('resolve', `${record?.id}`, '--delivered', '--yes'),
    ])
    expect(results.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(results.map(({ err }) => err).join('')).toMatch(/^RecordStateMismatch: Record/)
    expect(await book.audit()).toMatchObject([{ reported: 5_000_000n, imbalance: 0n }])
  })

  test('exit codes and errors are those of the program', async () => {
    expect(await command('show')).toMatchObject({ code: 0, err: '' })
    expect(await command('show', '1')).toMatchObject({ code: 1 })
    expect((await command('show', '1')).err).toMatch(/^RecordNotFound: /)
    expect((await command('resolve', '1')).code).toBe(2)
    expect((await command('show', '--wrong')).code).toBe(2)
  })
})

describe('an export that is longer than a pipe holds', () => {
  const records = 3000

  beforeEach(async () => {
    const start = hourOf(clock.now())
    await report(book, 'a', 5)
    await clock.advance(hourMs)
    await seal(book, start + hourMs, clock.now())
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    database.exec(
      `INSERT INTO record (slot_id, resource_id, hour, timestamp, quantity, form, client_token, state,
                           sealed_at)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${records - 1})
       SELECT slot_id, resource_id, hour + i * 3600000, timestamp, 0, form, client_token, 'accepted',
              sealed_at FROM record, n`,
    )
    database.close()
  })

  test('arrives whole', async () => {
    const { code, out } = await command('export', '--format', 'jsonl')
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(records)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ quantity: 0 })
  })

  test('ends quietly when its reader has seen enough', async () => {
    const args = [program, 'ledger', 'export', '--format', 'csv', '--data-dir', directory]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const errors: string[] = []
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(errors).toEqual([])
  })
})
