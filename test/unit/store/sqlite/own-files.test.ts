import fs, { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SidecarError } from '../../../../src/kernel/errors.ts'
import { refuseLinks } from '../../../../src/store/sqlite/file/own-files.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

/** A listing names a file that is gone when it is looked at. */
function lose(name: string): void {
  const { readdirSync } = fs
  const listed = (path: fs.PathLike) => [...readdirSync(path), name]
  vi.spyOn(fs, 'readdirSync').mockImplementation(listed as never)
  syncBuiltinESMExports()
}

function refusal(): string | undefined {
  try {
    refuseLinks(directory)
  } catch (error) {
    return (error as SidecarError).message
  }
  return undefined
}

describe('a data directory', () => {
  test('may hold links and directories of names that are not those of the ledger', () => {
    mkdirSync(join(directory, 'lost+found'))
    for (const name of ['old-ledger.db', 'ledger', '.write-probe.old', 'x.write-probe'])
      symlinkSync('/nowhere', join(directory, name))
    expect(refusal()).toBeUndefined()
  })

  test('may lose a file while it is looked at', () => {
    writeFileSync(join(directory, 'ledger.db'), '')
    lose('ledger.db-shm')
    expect(refusal()).toBeUndefined()
  })

  test('is refused for a link, which is named by its path', () => {
    const path = join(directory, 'ledger.db')
    symlinkSync('/nowhere', path)
    expect(refusal()?.startsWith(`${path} is a symbolic link, `)).toBe(true)
  })

  test('is refused for a lock file that is not a file, and says that it is one', () => {
    const path = join(directory, 'ledger.lock')
    mkdirSync(path)
    expect(refusal()?.startsWith(`The lock file ${path} is not an ordinary file, `)).toBe(true)
  })
})
