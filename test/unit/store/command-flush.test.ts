import fs, { readlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { changeBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'

afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

test('a command writes the log again and flushes the book before it changes anything', async () => {
  const { directory, report } = await openBench()
  await report('requests', unit)
  const done: string[] = []
  const nameOf = (descriptor: number) => basename(readlinkSync(`/proc/self/fd/${descriptor}`))
  const { writeSync, fdatasyncSync } = fs
  vi.spyOn(fs, 'writeSync').mockImplementation(((descriptor: number, ...rest: [Buffer]) => {
    done.push(`write ${nameOf(descriptor)}`)
    return writeSync(descriptor, ...rest)
  }) as typeof writeSync)
  vi.spyOn(fs, 'fdatasyncSync').mockImplementation((descriptor) => {
    done.push(`flush ${nameOf(descriptor)}`)
    fdatasyncSync(descriptor)
  })
  syncBuiltinESMExports()
  const changing = changeBook(directory, () => {
    done.push('change')
    throw new Error('nothing to change')
  })
  await expect(changing).rejects.toThrow('nothing to change')
  expect([...new Set(done)]).toEqual(['write ledger.db-wal', 'flush ledger.db', 'change'])
})
