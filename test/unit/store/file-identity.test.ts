import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Log } from '../../../src/kernel/log.ts'
import { openBench, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'

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
  const { DatabaseSync } = await import('node:sqlite')
  const keeper = new DatabaseSync(join(killed, 'ledger.db'), { readOnly: true })
  keeper.prepare('SELECT count(*) FROM meta').get()
  await again.ledger.close()
  keeper.close()
  expect(await startOn(killed)).toBe(0)
  expect(await startOn(killed)).toBe(0)
})
