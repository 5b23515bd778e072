import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createSystemClock, sleep } from '../../../src/kernel/clock.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'

/** Another process in the middle of a change. */
function lockBook(directory: string): DatabaseSync {
  const other = new DatabaseSync(join(directory, 'ledger.db'))
  other.exec('BEGIN IMMEDIATE')
  onTestFinished(() => other.close())
  return other
}

test('a book that another process locks for three seconds is waited for, off the event loop', async () => {
  const { report, directory } = await openBench()
  const other = lockBook(directory)
  const clock = createSystemClock()
  const reported = Promise.all([report('requests', unit), report('requests', unit)])
  let longestMs = 0
  for (const start = clock.elapsed(); clock.elapsed() - start < 3000;) {
    const before = clock.elapsed()
    await sleep(clock, 10)
    longestMs = Math.max(longestMs, clock.elapsed() - before)
  }
  other.exec('ROLLBACK')
  expect(await reported).toMatchObject([{ result: 'accepted' }, { result: 'accepted' }])
  expect(longestMs).toBeLessThan(1000)
})

test('one that stays locked is busy, which passes: the same report may be sent again', async () => {
  const { report, directory } = await openBench()
  const other = lockBook(directory)
  const refused = await report('requests', unit).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'LedgerBusy', retryAfterSeconds: 1 })
  other.exec('ROLLBACK')
  expect(await report('requests', unit)).toMatchObject({ result: 'accepted' })
}, 20_000)
