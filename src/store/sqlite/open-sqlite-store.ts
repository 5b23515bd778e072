import { join } from 'node:path'
import { createSystemClock, type Clock } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { Store } from '../store.ts'
import { closeKeepingLog } from './file/close-keeping-log.ts'
import { dataSyncOfSystem, type DataSync } from './file/data-sync.ts'
import { openDisk } from './file/disk.ts'
import { refuseImported } from './file/commands/imported.ts'
import { lockFile } from './file/file-lock.ts'
import type { MeaningOf } from './migrations/from-schema-1.ts'
import { identityOfFile, isSameFile, rememberedFile, rememberFile } from './file/file-identity.ts'
import { openDatabase, prepareDirectory, type OpenedDatabase } from './file/open-database.ts'
import { SqliteStore } from './sqlite-store.ts'

interface OpenSqliteStoreOptions {
  readonly directory: string
  /** What the directory may hold, where that is less than the volume has. */
  readonly limitBytes?: number | undefined
  /** The task or pod that opens it: another file is worth a report only when the book is still its own. */
  readonly resource?: string | undefined
  /** What usage of an older file means that does not say so itself. */
  readonly meaningOf: MeaningOf
  readonly now: number
  readonly events: Events
  readonly log: Log
  /** For tests of failing disks. */
  readonly dataSync?: DataSync | undefined
  /** What idempotency keys may take; absent: a share of `limitBytes`. */
  readonly keyLimitBytes?: number | undefined
  /** For tests of locked books: otherwise the machine's, whatever clock the sidecar has. */
  readonly lockClock?: Clock | undefined
}

/**
 * Opens the book of a data directory for the one sidecar that keeps it, a new one when there is none.
 * Throws DataDirectoryUnusable, LedgerInUse, LedgerTooNew, LedgerFailed, or what SQLite says of the disk.
 */
export async function openSqliteStore(options: OpenSqliteStoreOptions): Promise<Store> {
  const { directory, now, meaningOf, events, log, dataSync = dataSyncOfSystem } = options
  prepareDirectory(directory)
  const lockPath = join(directory, 'ledger.lock')
  const lock = lockFile(lockPath)
  if (lock.wasGarbage)
    log(
      'ledger.lock-garbage',
      `The lock file ${lockPath} held something that is not a lock, so it was emptied; it never holds usage, and the ledger is not affected. Find out what else writes to the data directory, which belongs to the sidecar alone.`,
      { path: lockPath },
    )
  let opened: OpenedDatabase | undefined
  try {
    opened = await openDatabase(directory, { now, meaningOf, dataSync })
    const { database, path } = opened
    refuseImported(database, path)
    logOpened(opened, log, events)
    checkFile(opened, options)
    const disk = await openDisk(opened, dataSync, options.limitBytes)
    return new SqliteStore({
      database,
      path,
      disk,
      lock,
      keyLimitBytes: options.keyLimitBytes ?? keyLimitOf(options.limitBytes),
      lockClock: options.lockClock ?? createSystemClock(),
      onCommitted: () => events.emit('stepReached', { step: 'group-committed' }),
    })
  } catch (error) {
    if (opened !== undefined) closeKeepingLog(opened.database, opened.path)
    lock.release()
    throw error
  }
}

/** What keys may take at most: those of 25 hours with 200 reports a second. */
const mostKeyBytes = 2 ** 31

/** Keys leave most of a small volume to usage and records: a start after a kill copies them too. */
function keyLimitOf(limitBytes = Number.POSITIVE_INFINITY): number {
  return Math.min(mostKeyBytes, limitBytes / 4)
}

/** Logs damage that was found, and a place that a ledger should not lie in. */
function logOpened(opened: OpenedDatabase, log: Log, events: Events): void {
  for (const aside of opened.setAside) {
    log(
      'ledger.set-aside',
      `The ledger was damaged (${aside.reason}) and is kept as ${aside.path}. The sidecar starts with a new one: what the old one had not sent is not billed unless someone recovers it.`,
      aside,
    )
    events.emit('ledgerSetAside', aside)
  }
  if (opened.networkFileSystem)
    log(
      'ledger.network-file-system',
      'The data directory is on a network file system. It works there, but more slowly; use a local volume (emptyDir, task volume, block volume).',
    )
}

/** Logs a book that lies in another file than its owner left it in, and remembers the file. */
function checkFile(
  { database, path }: OpenedDatabase,
  { resource, log }: OpenSqliteStoreOptions,
): void {
  const { owner, file } = rememberedFile(database)
  // A renewal, which gives the book another file, has noted that by itself.
  const found = identityOfFile(path)
  if (file !== undefined && found !== undefined && owner === resource && !isSameFile(file, found))
    log(
      'ledger.file-changed',
      'The ledger is not in the file in which its owner left it: this is a copy, or a restored backup. What was sent since the copy was made is sent again, and AWS may then bill it twice: compare "ledger show" with AWS.',
      { inode: found.inode, device: found.device, formerInode: file.inode },
    )
  if (found !== undefined) rememberFile(database, found)
}
