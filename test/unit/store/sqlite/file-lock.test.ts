import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockFile } from '../../../../src/store/sqlite/file/file-lock.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'
import { refusal } from '../../../support/refusal.ts'

function refused(path: string): unknown {
  try {
    lockFile(path).release()
  } catch (error) {
    return error
  }
  return undefined
}

test('a lock that another holds is named, with its cause, and its file stays as it is', () => {
  const path = join(temporaryDirectory(), 'ledger.lock')
  const held = lockFile(path)
  onTestFinished(() => held.release())
  expect(held.wasGarbage).toBe(false)
  const size = statSync(path).size
  const error = refused(path)
  expect(error).toMatchObject(refusal('LedgerInUse', { cause: { errcode: 5 } }))
  expect(error).toMatchObject({ message: expect.stringContaining(path) })
  expect(statSync(path).size).toBe(size)
})

test('a lock that cannot be made says why, and which user may not', () => {
  const path = join(temporaryDirectory(), 'ledger.lock')
  mkdirSync(path)
  const error = refused(path)
  expect(error).toMatchObject(refusal('DataDirectoryUnusable', { cause: { code: 'EISDIR' } }))
  expect(error).toMatchObject({
    message: expect.stringMatching(
      new RegExp(`ledger\\.lock .*EISDIR.* user ${process.getuid?.()} `),
    ),
  })
})

test('a lock of garbage is emptied and held', () => {
  const path = join(temporaryDirectory(), 'ledger.lock')
  writeFileSync(path, 'locked by process 12')
  const held = lockFile(path)
  expect(held.wasGarbage).toBe(true)
  expect(refused(path)).toMatchObject(refusal('LedgerInUse'))
  held.release()
  expect(refused(path)).toBeUndefined()
})
