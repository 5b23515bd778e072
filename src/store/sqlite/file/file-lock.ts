import { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../../kernel/errors.ts'

export interface FileLock {
  release(): void
}

/**
 * Holds `path` for this process. A small SQLite file held in an exclusive transaction: the system
 * drops its lock when the process dies, however it dies, and other commands can still read the ledger.
 */
export function lockFile(path: string): FileLock {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new SidecarError(
      'LedgerInUse',
      `Another sidecar has the ledger open (${path} is locked). Two sidecars on one data directory would bill the same usage; give each task or pod its own volume, or stop the other one first.`,
      { cause },
    )
  }
  return { release: () => database.close() }
}
