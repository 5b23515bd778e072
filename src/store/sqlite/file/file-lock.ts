import { truncateSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SidecarError, messageOf } from '../../../kernel/errors.ts'
import { keepPrivate } from './own-files.ts'
import {
  codeOf,
  isWithoutRoom,
  sqliteBusy,
  sqliteCorrupt,
  sqliteError,
  sqliteNotADatabase,
  withoutRoom,
} from './storage-errors.ts'

export interface FileLock {
  /** The file held something that is no lock, and was emptied. */
  readonly wasGarbage: boolean
  release(): void
}

/**
 * Holds `path` for this process. A small SQLite file held in an exclusive transaction: the system
 * drops its lock when the process dies, however it dies, and other commands can still read the ledger.
 * Throws LedgerInUse, LedgerFull, DataDirectoryUnusable.
 */
export function lockFile(path: string): FileLock {
  try {
    return lock(path)
  } catch (error) {
    if (isNoDatabase(error))
      try {
        // Never holds anything. The file stays the same one, so that two starts cannot both get it.
        truncateSync(path)
        return { ...lock(path), wasGarbage: true }
      } catch (again) {
        throw translateLocking(again, path)
      }
    throw translateLocking(error, path)
  }
}

function lock(path: string): FileLock {
  keepPrivate(path)
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  return { wasGarbage: false, release: () => database.close() }
}

/** SQLite has the lock before it reads the file, so no process holds one that it cannot read. */
function isNoDatabase(error: unknown): boolean {
  const code = codeOf(error)
  return code === sqliteCorrupt || code === sqliteNotADatabase || code === sqliteError
}

function translateLocking(error: unknown, path: string): SidecarError {
  if (codeOf(error) === sqliteBusy)
    return new SidecarError(
      'LedgerInUse',
      `Another sidecar has the ledger open (${path} is locked). Two sidecars on one data directory would bill the same usage; give each task or pod its own volume, or stop the other one first.`,
      { cause: error },
    )
  if (isWithoutRoom(error)) return withoutRoom(error)
  return new SidecarError(
    'DataDirectoryUnusable',
    `The lock file ${path} cannot be used (${messageOf(error)}). Check that it is an ordinary file that user ${process.getuid?.() ?? 'of this process'} may read and write; when no sidecar runs on the directory it may be deleted.`,
    { cause: error },
  )
}
