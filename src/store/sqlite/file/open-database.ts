import {
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  statSync,
  statfsSync,
  writeFileSync,
  rmSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SidecarError, messageOf } from '../../../kernel/errors.ts'
import type { DataSync } from './data-sync.ts'
import { finishRenewal, renewFile } from './renew-file.ts'
import { keepPrivate, refuseLinks } from './own-files.ts'
import { isDamage, refuseDamage } from './refuse-damage.ts'
import { setFilesAside, wasSetAsideInPart } from './set-aside.ts'
import { isWithoutRoom, notFlushed, translateOpening, withoutRoom } from './storage-errors.ts'
import { hasLog, walHeaderIsSound } from './wal-header.ts'
import type { MeaningOf } from '../migrations/from-schema-1.ts'
import { migrate, schemaVersion, schemaVersionOf } from '../migrations/migrate.ts'

export const ledgerFileName = 'ledger.db'
const companions = ['', '-wal', '-shm']
/** How long to wait for the short transaction of a ledger command. It stops the event loop, and a start tries again. */
const busyTimeoutMs = 500
const nfsMagic = 0x6969

/**
 * For each connection, first. A statement that changes 16 pages needs a temporary file, as a large sort does, and
 * on a read-only root there is no directory for one: SQLite then reports an I/O error.
 */
export const keepTemporaryInMemory = 'PRAGMA temp_store = MEMORY'

export interface OpenedDatabase {
  readonly database: DatabaseSync
  readonly path: string
  /** Damaged files that were kept under another name, and why. */
  readonly setAside: readonly { readonly path: string; readonly reason: string }[]
  readonly networkFileSystem: boolean
  /** The last process left a log, and perhaps pages that only the cache has: there was no room to renew it. */
  readonly recovered: boolean
}

/** Makes the data directory, and proves that files can be written there. Throws DataDirectoryUnusable, LedgerFull. */
export function prepareDirectory(directory: string): void {
  const probe = join(directory, '.write-probe')
  try {
    makeDirectory(directory)
    rmSync(probe, { force: true })
    writeFileSync(probe, '', { flag: 'wx', mode: 0o600 })
    rmSync(probe)
  } catch (cause) {
    if (isWithoutRoom(cause)) throw withoutRoom(cause)
    throw new SidecarError(
      'DataDirectoryUnusable',
      `The data directory ${directory} cannot be written (${messageOf(cause)}). Mount a writable volume there (an emptyDir in Kubernetes, a task volume in ECS) that user ${process.getuid?.() ?? 'of this process'} may write to, or name another one with SIDECAR_DATA_DIR.`,
      { cause },
    )
  }
  refuseLinks(directory)
}

/**
 * Makes the directory and those above it that are missing, from the top. Node's `recursive` never ends where the
 * parent exists and the system still says ENOENT: in /proc, and in a mounted directory that was deleted.
 */
function makeDirectory(path: string): void {
  if (isDirectory(path)) return
  const parent = dirname(path)
  if (lstatSync(parent, { throwIfNoEntry: false }) === undefined) makeDirectory(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isDirectory(path)) throw error
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

interface OpenDatabaseOptions {
  readonly now: number
  readonly meaningOf: MeaningOf
  readonly dataSync: DataSync
}

/**
 * Opens the ledger's file for reading and writing, a new one when there is none or it is damaged. Rejects with
 * LedgerTooNew.
 */
export async function openDatabase(
  directory: string,
  { now, meaningOf, dataSync }: OpenDatabaseOptions,
): Promise<OpenedDatabase> {
  const path = join(directory, ledgerFileName)
  const setAside: { path: string; reason: string }[] = []
  const discard = async (reason: string) => {
    setAside.push({ path: await setFilesAside(path, now), reason })
  }

  await finishRenewal(path)
  if (wasSetAsideInPart(path)) await discard('a start was killed while it set the file aside')
  else if (existsSync(path) && statSync(path).size === 0) await discard('the file is empty')
  else if (!walHeaderIsSound(`${path}-wal`))
    await discard('the file next to it is not a write-ahead log')
  const networkFileSystem = statfsSync(directory).type === nfsMagic
  const openFile = async () => {
    const prepare = (database: DatabaseSync) =>
      preparing(database, () => migrate(database, now, meaningOf))
    const connectChecked = () => connectToSound(path, networkFileSystem)
    if (!existsSync(path))
      await createFile(path, (draft) => prepare(connect(draft, networkFileSystem, 'OFF')), dataSync)
    const left = hasLog(path)
    const renewed = left && (await renewFile(await connectChecked(), path, dataSync))
    const recovered = left && !renewed
    const database = prepare(await connectChecked())
    return { database, path, setAside, networkFileSystem, recovered }
  }
  try {
    return await openFile()
  } catch (error) {
    if (!isDamage(error)) throw translateOpening(error, path)
    await discard(messageOf(error))
    return openFile()
  }
}

/**
 * Makes a new file under another name first: one that is not whole is then never our own doing. It is
 * flushed once, when it is complete: until then a power cut may take it.
 */
async function createFile(
  path: string,
  prepare: (file: string) => DatabaseSync,
  dataSync: DataSync,
): Promise<void> {
  const draft = `${path}.new`
  for (const suffix of companions) rmSync(draft + suffix, { force: true })
  const database = prepare(draft)
  // Closing would do the same, without a word when it fails.
  preparing(database, () => database.exec('PRAGMA wal_checkpoint(TRUNCATE)')).close()
  await using file = await open(draft, 'r+')
  await dataSync(file).catch((cause: unknown) => {
    throw notFlushed(path, cause)
  })
  renameSync(draft, path)
}

function connect(
  path: string,
  networkFileSystem: boolean,
  flushes: 'OFF' | 'NORMAL' = 'NORMAL',
): DatabaseSync {
  keepPrivate(path)
  // With foreign keys SQLite deletes row by row, and an hour of 2,500 large tag sets takes five times as long.
  const database = new DatabaseSync(path, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: false,
  })
  return preparing(database, () => {
    // WAL's shared memory does not work across NFS clients; alone on the file it is not needed.
    if (networkFileSystem) database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec(keepTemporaryInMemory)
    // The ledger flushes and checkpoints by itself, off the event loop: see disk.ts. The cache holds the pages of
    // an hour with 2,500 large tag sets, which are read and then deleted.
    database.exec(
      `PRAGMA synchronous = ${flushes}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384`,
    )
  })
}

/** The same for a file that was there before, which is damaged or newer perhaps. */
async function connectToSound(path: string, networkFileSystem: boolean): Promise<DatabaseSync> {
  const database = connect(path, networkFileSystem)
  try {
    await refuseDamage({ database, path, isAlone: networkFileSystem, busyTimeoutMs })
    const version = schemaVersionOf(database)
    if (version > schemaVersion)
      throw new SidecarError(
        'LedgerTooNew',
        `The ledger ${path} has schema version ${version}, and this sidecar knows versions up to ${schemaVersion}. It was written by a newer sidecar: run that version or a later one.`,
      )
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** The database after `work`, or closed when that throws. */
function preparing(database: DatabaseSync, work: () => void): DatabaseSync {
  try {
    work()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
