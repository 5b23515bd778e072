import { copyFileSync, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import type { Log } from '../../../src/kernel/log.ts'
import { identityOfFile } from '../../../src/store/sqlite/file/file-identity.ts'
import { openDatabase } from '../../../src/store/sqlite/file/open-database.ts'
import { renewedPath } from '../../../src/store/sqlite/file/renew-file.ts'
import { openBench, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'

async function bookWithUsage(): Promise<string> {
  const { ledger, report, directory } = await openBench()
  await report('requests', unit)
  await ledger.close()
  return directory
}

function copyOf(directory: string, ...suffixes: readonly string[]): string {
  const copy = temporaryDirectory()
  for (const suffix of ['', ...suffixes])
    copyFileSync(join(directory, `ledger.db${suffix}`), join(copy, `ledger.db${suffix}`))
  return copy
}

/** The events that a start on the directory logs about the file. */
async function startOn(directory: string, resource?: string): Promise<number> {
  const log = vi.fn<Log>()
  const { ledger } = await openBench({
    directory,
    log,
    ...(resource === undefined ? {} : { resource }),
  })
  await ledger.close()
  return log.mock.calls.filter(([event]) => event === 'ledger.file-changed').length
}

test('a copy of a book under the same owner is reported, once', async () => {
  const directory = await bookWithUsage()
  expect(await startOn(directory)).toBe(0)
  const copy = copyOf(directory)
  expect(await startOn(copy)).toBe(1)
  expect(await startOn(copy)).toBe(0)
})

test('the report names the file, and the one that the owner left', async () => {
  const directory = await bookWithUsage()
  const former = identityOfFile(join(directory, 'ledger.db'))
  const copy = copyOf(directory)
  const found = identityOfFile(join(copy, 'ledger.db'))
  const log = vi.fn<Log>()
  await (await openBench({ directory: copy, log })).ledger.close()
  expect(log.mock.calls).toEqual([
    [
      'ledger.file-changed',
      expect.stringMatching(/^The ledger .* compare "ledger show" with AWS\.$/),
      { inode: found?.inode, device: found?.device, formerInode: former?.inode },
    ],
  ])
})

test('a copy under another owner is an adoption, and is reported as one', async () => {
  expect(await startOn(copyOf(await bookWithUsage()), 'pod:another')).toBe(0)
})

test('the renewal of a file after a kill is no change', async () => {
  const { report, directory, ledger } = await openBench()
  await report('requests', unit)
  const killed = copyOf(directory, '-wal')
  await ledger.close()
  expect(await startOn(killed)).toBe(1)
  const again = await openBench({ directory: killed })
  await again.report('requests', unit)
  const keeper = new DatabaseSync(join(killed, 'ledger.db'), { readOnly: true })
  keeper.prepare('SELECT count(*) FROM meta').get()
  await again.ledger.close()
  keeper.close()
  expect(await startOn(killed)).toBe(0)
  expect(await startOn(killed)).toBe(0)
})

/** A start that renews the file and is killed before it has noted what it did. */
async function killedAfterRenewal(directory: string): Promise<void> {
  const { database } = await openDatabase(directory, {
    now: 0,
    meaningOf: plainMeaning,
    dataSync: () => Promise.resolve(),
  })
  database.close()
}

/** Leaves a log next to the file, as a killed process does. */
async function killedProcess(directory: string): Promise<void> {
  const { report, ledger } = await openBench({ directory })
  await report('requests', unit)
  const keeper = new DatabaseSync(join(directory, 'ledger.db'), { readOnly: true })
  keeper.prepare('SELECT count(*) FROM meta').get()
  await ledger.close()
  keeper.close()
  expect(existsSync(join(directory, 'ledger.db-wal'))).toBe(true)
}

test('a kill between the renewal of a file and its note is no change', async () => {
  const directory = await bookWithUsage()
  await killedProcess(directory)
  const before = identityOfFile(join(directory, 'ledger.db'))
  await killedAfterRenewal(directory)
  expect(identityOfFile(join(directory, 'ledger.db'))).not.toEqual(before)
  expect(await startOn(directory)).toBe(0)
})

test('a kill before the renewed file has its name is no change', async () => {
  const directory = await bookWithUsage()
  await killedProcess(directory)
  const path = join(directory, 'ledger.db')
  copyFileSync(path, `${path}.old`)
  await killedAfterRenewal(directory)
  renameSync(path, renewedPath(path))
  renameSync(`${path}.old`, path)
  expect(await startOn(directory)).toBe(0)
  expect(existsSync(renewedPath(path))).toBe(false)
})

test('a copy is reported although a start on it was killed after the renewal', async () => {
  const directory = await bookWithUsage()
  await killedProcess(directory)
  const copy = copyOf(directory, '-wal')
  await killedAfterRenewal(copy)
  expect(await startOn(copy)).toBe(1)
})
