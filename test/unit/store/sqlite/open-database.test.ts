import fs, { readdirSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { SidecarError } from '../../../../src/kernel/errors.ts'
import { prepareDirectory } from '../../../../src/store/sqlite/file/open-database.ts'
import { openBench, temporaryDirectory, unit } from '../../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../../support/recorded-log.ts'

const { getuid } = process
const setGetuid = (value: typeof getuid) =>
  Object.defineProperty(process, 'getuid', { value, configurable: true, writable: true })
afterEach(() => void setGetuid(getuid))

/** What is said of a data directory below a file, where none can be made. */
function refusal(): SidecarError {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  try {
    prepareDirectory(join(file, 'data'))
  } catch (error) {
    return error as SidecarError
  }
  throw new Error('it was not refused')
}

describe('a data directory that cannot be written', () => {
  test('is refused with the cause, and with the user who may not write', () => {
    const { code, message, cause } = refusal()
    expect(code).toBe('DataDirectoryUnusable')
    expect(cause).toMatchObject({ code: 'ENOTDIR' })
    expect(message).toContain(`that user ${getuid?.()} may write`)
  })

  // In /proc a directory exists, and the system says of a new one in it that there is no such directory.
  test('is refused where the system denies that its parent exists', () => {
    expect(() => prepareDirectory('/proc/data')).toThrow('The data directory /proc/data cannot be')
  })

  test('is refused where users have no numbers too', () => {
    setGetuid(undefined)
    expect(refusal().message).toContain('that user of this process may write')
  })
})

test('a data directory that can be written is made, with nothing left in it', () => {
  const directory = join(temporaryDirectory(), 'a', 'b')
  prepareDirectory(directory)
  prepareDirectory(directory)
  expect(readdirSync(directory)).toEqual([])
})

test('on a network file system a ledger needs no shared memory, and says that it is there', async () => {
  const directory = temporaryDirectory()
  const { statfsSync } = fs
  vi.spyOn(fs, 'statfsSync').mockImplementation((path) =>
    Object.assign(statfsSync(path), { type: 0x6969 }),
  )
  syncBuiltinESMExports()
  onTestFinished(() => {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
  })
  const { log, lines } = createRecordedLog()
  const { ledger, report } = await openBench({ directory, log })
  await report('requests', unit)
  expect(lines).toMatchObject([
    {
      event: 'ledger.network-file-system',
      message: expect.stringMatching(/^The data directory is on a network file system\. .*\.$/),
    },
  ])
  expect(readdirSync(directory).toSorted()).toEqual(['ledger.db', 'ledger.db-wal', 'ledger.lock'])
  await ledger.close()
})
