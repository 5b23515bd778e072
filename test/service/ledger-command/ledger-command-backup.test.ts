import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Directories, openBook, report } from '../../support/ledger/ledger-book.ts'
import { runLedger } from '../../support/ledger/ledger-command-io.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const directories = new Directories()
afterEach(() => directories.removeAll())

test('backup copies the book of a running sidecar, and needs one new file', async () => {
  const clock = new ManualClock()
  const directory = directories.make()
  const target = directories.make()
  const book = await openBook(directory, clock)
  await report(book, 'requests', 2.5)
  const { code } = await runLedger(directory, clock, ['backup', join(target, 'ledger.db')])
  expect(code).toBe(0)
  await book.close()
  const shown = await runLedger(target, clock, ['show'])
  expect(shown.out.join('\n')).toContain('2.5')
  for (const args of [['backup'], ['backup', join(target, 'ledger.db')]])
    await expect(runLedger(directory, clock, args)).rejects.toMatchObject({
      code: 'InvalidArguments',
    })
})
