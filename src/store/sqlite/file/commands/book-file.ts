import { closeSync, existsSync, fdatasyncSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { SidecarError, messageOf } from '../../../../kernel/errors.ts'
import type { Changes } from '../../../changes.ts'
import type { BookReader } from '../../../store.ts'
import { imbalanceOf } from '../../../summary.ts'
import type { BookView } from '../../../view.ts'
import { accountSums } from '../../account-sums.ts'
import { schemaVersion, schemaVersionOf } from '../../migrations/migrate.ts'
import { Names } from '../../names.ts'
import { keepTemporaryInMemory, ledgerFileName } from '../open-database.ts'
import { RecordRows } from '../../record-rows.ts'
import { SqliteReader } from '../../sqlite-reader.ts'
import { SqliteView } from '../../sqlite-view.ts'
import { closeKeepingLog } from '../close-keeping-log.ts'
import { refuseImported } from './imported.ts'
import { renewedPath } from '../renew-file.ts'
import { damageOf } from '../refuse-damage.ts'
import { rewriteFile } from '../rewrite-file.ts'
import { refuseLinks } from '../own-files.ts'
import { codeOf, translate } from '../storage-errors.ts'
import { hasLog, walHeaderIsSound } from '../wal-header.ts'
import { ChangeWriter } from '../../write-changes.ts'

/** What `codeOf` says of an error. */
type Codes = readonly ReturnType<typeof codeOf>[]

/** How long to wait for a transaction of the sidecar. */
const busyTimeoutMs = 5000
const busyCodes: Codes = [5, 6]
const damageCodes: Codes = [11, 26]
/** SQLite: read-only, input or output error, cannot open. */
const unusableCodes: Codes = [8, 10, 14]

/**
 * Reads the book of a data directory, whether a sidecar has it open or not, as it stood at one moment.
 * Changes nothing, and works where nothing can be written. Throws LedgerNotFound, LedgerDamaged,
 * LedgerTooNew, LedgerTooOld, LedgerInUse, DataDirectoryUnusable, and what `read` throws.
 */
export function readBook<T>(
  directory: string,
  read: (reader: BookReader) => Promise<T>,
): Promise<T> {
  return withSnapshot(directory, (database) => read(new SqliteReader(database)))
}

/** The same with the database itself, for what copies it. Rejects as `readBook` does. */
export function withSnapshot<T>(
  directory: string,
  use: (database: DatabaseSync) => Promise<T>,
): Promise<T> {
  return explain(directory, async () => {
    const database = connectToRead(findLedger(directory))
    try {
      checkLedger(database, directory)
      // One snapshot for all that is read: a sidecar may commit between two statements.
      database.exec('BEGIN')
      return await use(database)
    } finally {
      database.close()
    }
  })
}

/**
 * Changes the book of a data directory in one short transaction, next to a running sidecar or without
 * one. It is on disk when this resolves; what rejects has changed nothing, and so has a change that
 * would make usage or lose it. Rejects as `readBook` does, and with LedgerFull, LedgerImbalanced.
 */
export function changeBook(directory: string, decide: (view: BookView) => Changes): Promise<void> {
  return changeDatabase(directory, (database) => {
    refuseImported(database, findLedger(directory))
    const names = new Names(database)
    const view = new SqliteView(database, names, new RecordRows(database, names))
    new ChangeWriter(database, names).write(decide(view))
  })
}

/** The same with the database itself. Rejects as `changeBook` does. */
export function changeDatabase(
  directory: string,
  change: (database: DatabaseSync) => void,
): Promise<void> {
  return explain(directory, async () => {
    const path = findLedger(directory)
    const hadLog = hasLog(path)
    // Closed last: the system drops a process's locks on a file when any descriptor of it closes.
    const main = asking(directory, () => openSync(path, 'r+'))
    try {
      const database = connect(path, 'mode=rw', false)
      try {
        database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
        checkLedger(database, directory)
        const secure = () => {
          rewriteLog(`${path}-wal`)
          fdatasyncSync(main)
        }
        transact(database, () => asking(directory, secure), change)
      } catch (error) {
        throw translateWrite(error)
      } finally {
        // A log says to the next start that a sidecar did not end cleanly.
        if (hadLog) closeKeepingLog(database, path)
        else database.close()
      }
    } finally {
      closeSync(main)
    }
  })
}

function transact(
  database: DatabaseSync,
  secure: () => void,
  change: (database: DatabaseSync) => void,
): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    // This transaction may begin the WAL anew, and the sidecar flushes its checkpoints later than it
    // makes them: until the main file is on disk, the old WAL is the only copy that outlives a power cut.
    secure()
    const before = imbalances(database)
    change(database)
    for (const [account, imbalance] of imbalances(database))
      if (imbalance !== (before.get(account) ?? 0n))
        throw new SidecarError(
          'LedgerImbalanced',
          `Nothing was changed: it would have left ${imbalance} micro-units of ${account} in no place. This is a defect; keep the data directory and report it.`,
        )
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * A flush that failed in a sidecar can have left a gap in the log on disk. This change is flushed behind
 * it, and what lies behind a gap does not outlive a power cut.
 */
function rewriteLog(path: string): void {
  // SQLite keeps its locks on other files: closing this descriptor drops none of them.
  const log = openSync(path, 'r+')
  try {
    rewriteFile(log)
  } finally {
    closeSync(log)
  }
}

function imbalances(database: DatabaseSync): Map<string, bigint> {
  return new Map(
    accountSums(database).map((sums) => {
      const { productCode, customer, dimension, divisor } = sums
      const name = JSON.stringify([productCode, customer, dimension, String(divisor)])
      return [name, imbalanceOf(sums)]
    }),
  )
}

function findLedger(directory: string): string {
  const path = join(directory, ledgerFileName)
  if (asking(directory, () => existsSync(directory)))
    asking(directory, () => refuseLinks(directory))
  if (asking(directory, () => existsSync(renewedPath(path))))
    throw new SidecarError(
      'LedgerInUse',
      `A starting sidecar is renewing the ledger in ${directory}, or was killed while doing so. Try again when a sidecar has started there.`,
    )
  const file = asking(directory, () => statSync(path, { throwIfNoEntry: false }))
  if (file === undefined) throw notFound(directory)
  if (file.size === 0) throw damaged(directory, 'the file is empty')
  // SQLite would pass over such a log, and delete it.
  if (!asking(directory, () => walHeaderIsSound(`${path}-wal`)))
    throw damaged(directory, 'the file next to it is not a write-ahead log')
  return path
}

function connectToRead(path: string): DatabaseSync {
  const database = connect(path, 'mode=ro', true)
  try {
    schemaVersionOf(database)
    return database
  } catch (error) {
    database.close()
    if (!unusableCodes.includes(codeOf(error))) throw error
    return connectWithoutSharedMemory(path)
  }
}

/**
 * For a folder in which SQLite cannot make its shared memory. A sidecar that had the file open would
 * have made it, so no process writes, and neither locks nor shared memory are needed.
 */
function connectWithoutSharedMemory(path: string): DatabaseSync {
  if (!existsSync(`${path}-wal`)) return connect(path, 'mode=ro&immutable=1', true)
  const database = connect(path, 'mode=ro&vfs=unix-none', true)
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  return database
}

/** A URI, because it alone keeps SQLite from creating a file that is not there. */
function connect(path: string, query: string, readOnly: boolean): DatabaseSync {
  const url = pathToFileURL(path)
  url.search = query
  const database = new DatabaseSync(url, { readOnly, timeout: busyTimeoutMs })
  database.exec(keepTemporaryInMemory)
  return database
}

function checkLedger(database: DatabaseSync, directory: string): void {
  const version = schemaVersionOf(database)
  if (version > schemaVersion)
    throw new SidecarError(
      'LedgerTooNew',
      `The ledger in ${directory} has schema version ${version}, and this program knows versions up to ${schemaVersion}. A newer sidecar wrote it: use the command of that version.`,
    )
  const check = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  const damage = damageOf(database, check)
  if (damage !== undefined) throw damaged(directory, damage)
  if (version === 0) throw notFound(directory)
  if (version < schemaVersion)
    throw new SidecarError(
      'LedgerTooOld',
      `The ledger in ${directory} has schema version ${version}, and this program reads version ${schemaVersion}. An earlier sidecar wrote it: start this version of the sidecar once, which brings the file up to date, or use the command of the earlier version.`,
    )
}

/** Gives a code and a way out to what the system says of a file. */
function asking<T>(directory: string, ask: () => T): T {
  try {
    return ask()
  } catch (error) {
    throw error instanceof SidecarError ? error : unusable(directory, error)
  }
}

/** Gives a code and a way out to what SQLite says. */
async function explain<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SidecarError) throw error
    const code = codeOf(error)
    if (damageCodes.includes(code)) throw damaged(directory, messageOf(error), error)
    if (busyCodes.includes(code)) throw busy(directory, error)
    if (unusableCodes.includes(code)) throw unusable(directory, error)
    throw error
  }
}

/** A full disk is the volume's affair; a file that cannot be written at all is the caller's. */
function translateWrite(error: unknown): unknown {
  const readOnly = codeOf(error) === 8
  return readOnly ? error : translate(error)
}

function notFound(directory: string): SidecarError {
  return new SidecarError(
    'LedgerNotFound',
    `There is no ledger in ${directory}. A sidecar creates one when it starts. If it uses another directory, name that one with --data-dir or SIDECAR_DATA_DIR.`,
  )
}

function damaged(directory: string, reason: string, cause?: unknown): SidecarError {
  return new SidecarError(
    'LedgerDamaged',
    `The ledger in ${directory} is damaged (${reason}); nothing was changed. Keep a copy of the directory: at its next start the sidecar sets the file aside and begins a new one.`,
    { cause },
  )
}

function busy(directory: string, cause: unknown): SidecarError {
  return new SidecarError(
    'LedgerInUse',
    `The ledger in ${directory} stayed locked for ${busyTimeoutMs / 1000} seconds. A sidecar on a network file system locks it exclusively: ask its GET /v1/usage, or stop it first. Otherwise try again.`,
    { cause },
  )
}

function unusable(directory: string, cause: unknown): SidecarError {
  return new SidecarError(
    'DataDirectoryUnusable',
    `The ledger in ${directory} cannot be used (${messageOf(cause)}). Run the command as the user of the sidecar, on a volume that is mounted writable when the command is to change something.`,
    { cause },
  )
}
