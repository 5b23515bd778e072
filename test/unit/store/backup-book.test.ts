import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backupBook } from '../../../src/store/sqlite/file/commands/backup-book.ts'
import { openBench, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { refusal } from '../../support/refusal.ts'

async function reportedIn(file: string): Promise<bigint | undefined> {
  const directory = temporaryDirectory()
  renameSync(file, join(directory, 'ledger.db'))
  const bench = await openBench({ directory })
  const [balance] = await bench.ledger.audit()
  expect(balance?.imbalance).toBe(0n)
  expect(bench.told('ledgerSetAside')).toEqual([])
  return balance?.reported
}

test('a backup of a running book has what was acknowledged, in one file', async () => {
  const { directory, report } = await openBench()
  for (let index = 0; index < 50; index += 1) await report('requests', unit)
  const target = temporaryDirectory()
  const reports = Array.from({ length: 200 }, () => report('requests', unit))
  await backupBook(directory, join(target, 'backup.db'))
  await Promise.all(reports)
  expect(readdirSync(target)).toEqual(['backup.db'])
  const reported = await reportedIn(join(target, 'backup.db'))
  expect(reported).toBeGreaterThanOrEqual(50n * unit)
  expect(await report('requests', unit)).toMatchObject({ result: 'accepted' })
})

test('a backup of a stopped book is that book', async () => {
  const { directory, report, ledger } = await openBench()
  await report('requests', 7n * unit)
  await ledger.close()
  const file = join(temporaryDirectory(), 'backup.db')
  await backupBook(directory, file)
  expect(await reportedIn(file)).toBe(7n * unit)
})

test.each(['copied over the ledger', 'moved to its place'])(
  'a backup that is %s is no longer the file that its owner left',
  async (way) => {
    const { directory, ledger, report } = await openBench()
    await report('requests', unit)
    const file = join(temporaryDirectory(), 'backup.db')
    await backupBook(directory, file)
    await ledger.close()
    const restore = way.startsWith('copied') ? copyFileSync : renameSync
    restore(file, join(directory, 'ledger.db'))
    const { log, lines } = createRecordedLog()
    for (const starts of [1, 2]) {
      const next = await openBench({ directory, log })
      await next.ledger.close()
      expect(
        lines.map(({ event }) => event),
        `start ${starts}`,
      ).toEqual(['ledger.file-changed'])
    }
  },
)

test('a file that exists, or a directory that does not, is refused and nothing is left', async () => {
  const { directory } = await openBench()
  const target = temporaryDirectory()
  writeFileSync(join(target, 'mine'), 'mine')
  mkdirSync(join(target, 'empty'))
  for (const name of ['mine', join('no', 'such', 'directory')])
    await expect(backupBook(directory, join(target, name))).rejects.toMatchObject({
      code: 'InvalidArguments',
      message: expect.stringContaining(`The backup ${join(target, name)} was not made (`),
    })
  // Before anything is copied: a large book takes minutes.
  const existing = join(target, 'mine')
  await expect(backupBook(temporaryDirectory(), existing)).rejects.toThrow(
    `${existing} was not made (it exists already, and a backup never replaces a file). Name a new`,
  )
  expect(readdirSync(target).toSorted()).toEqual(['empty', 'mine'])
})

test('a backup that fails says why, and has its cause', async () => {
  const { directory } = await openBench()
  const file = join(temporaryDirectory(), 'no-such-directory', 'backup.db')
  await expect(backupBook(directory, file)).rejects.toMatchObject({
    message: expect.stringContaining('ENOENT'),
    cause: { code: 'ENOENT' },
  })
})

test('no book gives no backup', async () => {
  const file = join(temporaryDirectory(), 'backup.db')
  await expect(backupBook(temporaryDirectory(), file)).rejects.toMatchObject(
    refusal('LedgerNotFound'),
  )
  expect(existsSync(file)).toBe(false)
})
