import { existsSync, linkSync, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { backup } from 'node:sqlite'
import { SidecarError, messageOf } from '../../../../kernel/errors.ts'
import { withSnapshot } from './book-file.ts'
import { rememberBackup } from '../file-identity.ts'
import { keepPrivate } from '../own-files.ts'
import { syncDirectory } from '../sync-directory.ts'

/**
 * Copies the book of a data directory to a new file, as it stood at one moment, whether a sidecar has it
 * open or not. The file is whole and on disk when this resolves; until then there is none of that name.
 * Rejects as `readBook` does, and with InvalidArguments when the file exists or cannot be written.
 */
export async function backupBook(directory: string, file: string): Promise<void> {
  const target = resolve(file)
  if (existsSync(target))
    throw unwritable(target, 'it exists already, and a backup never replaces a file')
  await withSnapshot(directory, async (database) => {
    // The snapshot begins with the first read.
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    let drafts: string | undefined
    try {
      drafts = mkdtempSync(join(dirname(target), '.ledger-backup-'))
      const draft = join(drafts, 'draft')
      keepPrivate(draft)
      await backup(database, draft)
      rememberBackup(draft)
      await using handle = await open(draft, 'r+')
      await handle.sync()
      linkSync(draft, target)
      await syncDirectory(dirname(target))
    } catch (error) {
      throw unwritable(target, messageOf(error), error)
    } finally {
      if (drafts !== undefined) rmSync(drafts, { recursive: true, force: true })
    }
  })
}

function unwritable(target: string, reason: string, cause?: unknown): SidecarError {
  return new SidecarError(
    'InvalidArguments',
    `The backup ${target} was not made (${reason}). Name a new file in a directory that exists, that you may write and that has room for the ledger.`,
    { cause },
  )
}
