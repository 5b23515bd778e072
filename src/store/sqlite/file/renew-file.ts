import { existsSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { backup, type DatabaseSync } from 'node:sqlite'
import { closeKeepingLog } from './close-keeping-log.ts'
import type { DataSync } from './data-sync.ts'
import { rememberCopy } from './file-identity.ts'
import { keepPrivate } from './own-files.ts'
import { isWithoutRoom } from './storage-errors.ts'
import { syncDirectory } from './sync-directory.ts'

const companions = ['-wal', '-shm']

/** A copy that is whole and on disk, and has not yet taken the place of its file. */
export function renewedPath(path: string): string {
  return `${path}.renewed`
}

/**
 * Puts a whole copy of a book, on blocks of its own and flushed, in the place of a file whose last end was
 * not a clean one. After a failed flush the kernel counts pages as written that only its cache has, and
 * writing them again is not enough: ext4 then leaves their blocks marked as never written. `database` is
 * closed either way. Resolves with false, and leaves everything, when the volume has no room for a copy.
 */
export async function renewFile(
  database: DatabaseSync,
  path: string,
  sync: DataSync,
): Promise<boolean> {
  const draft = `${path}.renewing`
  const removeDraft = () => {
    for (const suffix of ['', ...companions]) rmSync(draft + suffix, { force: true })
  }
  try {
    removeDraft()
    // No other process may keep the file open: it would go on writing one that has lost its name.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
    keepPrivate(draft)
    await backup(database, draft)
    rememberCopy(database, path, draft)
    await using copy = await open(draft, 'r+')
    await sync(copy)
    renameSync(draft, renewedPath(path))
    await syncDirectory(dirname(path))
  } catch (error) {
    removeDraft()
    // The lock goes with the next access.
    database.exec('PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_schema')
    closeKeepingLog(database, path)
    if (isWithoutRoom(error)) return false
    throw error
  }
  database.close()
  await finishRenewal(path)
  return true
}

/**
 * Lets a whole copy take the place of its file, as a start does that finds one. A log next to the file is
 * older than the copy: it goes first, for it would be replayed into it.
 */
export async function finishRenewal(path: string): Promise<void> {
  if (!existsSync(renewedPath(path))) return
  for (const suffix of companions) rmSync(path + suffix, { force: true })
  await syncDirectory(dirname(path))
  renameSync(renewedPath(path), path)
  await syncDirectory(dirname(path))
}
