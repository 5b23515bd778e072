import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createFastClock, sleep } from '../../../src/kernel/clock.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'

const lockClock = createFastClock(50, 0)

/** Another process in the middle of a change. */
function lockBook(directory: string): DatabaseSync {
  const other = new DatabaseSync(join(directory, 'ledger.db'))
  other.exec('BEGIN IMMEDIATE')
  onTestFinished(() => other.close())
  return other
}

test('a book that another process locks for three seconds is waited for, off the event loop', async () => {
  const { report, directory } = await openBench({ lockClock })
  const other = lockBook(directory)
  const reported = Promise.all([report('requests', unit), report('requests', unit)])
  // On the event loop, which has to be free for it.
  await sleep(lockClock, 3000)
  other.exec('ROLLBACK')
  expect(await reported).toMatchObject([{ result: 'accepted' }, { result: 'accepted' }])
})

test('one that stays locked is busy, which passes: the same report may be sent again', async () => {
  const { report, directory } = await openBench({ lockClock })
  const other = lockBook(directory)
  const refused = await report('requests', unit).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'LedgerBusy', retryAfterSeconds: 1 })
  other.exec('ROLLBACK')
  expect(await report('requests', unit)).toMatchObject({ result: 'accepted' })
})
