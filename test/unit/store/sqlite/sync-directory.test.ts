import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { syncParents } from '../../../../src/store/sqlite/file/sync-directory.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'

test('the names above a directory are flushed as far as they are ours', async () => {
  const directory = join(temporaryDirectory(), 'data')
  mkdirSync(directory)
  await expect(syncParents(directory)).resolves.toBeUndefined()
  // What the kernel makes cannot be flushed.
  await expect(syncParents('/proc/self')).resolves.toBeUndefined()
})

test('a directory that is gone is told', async () => {
  const gone = join(temporaryDirectory(), 'gone')
  await expect(syncParents(join(gone, 'data'))).rejects.toMatchObject({ code: 'ENOENT' })
})
