import type { DatabaseSync } from 'node:sqlite'
import { sleep, type Clock } from '../../kernel/clock.ts'
import { SidecarError } from '../../kernel/errors.ts'
import { closedKey } from '../../metering/reading.ts'
import type { Changes } from '../changes.ts'
import type { Store } from '../store.ts'
import type { DiskSpace } from '../summary.ts'
import type { BookView } from '../view.ts'
import { bytesOfClaims, keysFull } from '../room-of-keys.ts'
import { bytesOfKey, ClaimRows } from './claim-rows.ts'
import { closeKeepingLog } from './file/close-keeping-log.ts'
import type { Disk } from './file/disk.ts'
import type { FileLock } from './file/file-lock.ts'
import { Names } from './names.ts'
import { RecordRows } from './record-rows.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteView } from './sqlite-view.ts'
import { codeOf, sqliteBusy, translate } from './file/storage-errors.ts'
import { ChangeWriter } from './write-changes.ts'

interface SqliteStoreOptions {
  readonly database: DatabaseSync
  /** Its main file. */
  readonly path: string
  readonly disk: Disk
  readonly lock: FileLock
  /** Called after each commit, before it is flushed. */
  readonly onCommitted: () => void
  /** What idempotency keys may take in the book. */
  readonly keyLimitBytes: number
  /** What another process's transaction is waited for on. */
  readonly lockClock: Clock
}

/** How long a group waits for another process, in pauses; each try keeps the event loop for a moment. */
const longestWaitMs = 5000
const pauseMs = 20
const tryMs = 5

/** A book in one SQLite file, for the one task or pod that holds its lock. */
export class SqliteStore extends SqliteReader implements Store {
  /** Twice as long as a flush, and short beside what a client waits for: groups are twice as large. */
  readonly gatherMs = 0.4
  readonly #options: SqliteStoreOptions
  readonly #names: Names
  readonly #view: SqliteView
  readonly #writer: ChangeWriter
  readonly #begin
  readonly #commit
  readonly #claims: ClaimRows
  /** A transaction was rolled back, perhaps for want of room. */
  #rolledBack = false
  /** A flush failed: what is on disk is unknown until the next start has written it again. */
  #failed = false

  constructor(options: SqliteStoreOptions) {
    const { database } = options
    const names = new Names(database)
    const records = new RecordRows(database, names)
    super(database, records)
    this.#options = options
    this.#names = names
    this.#view = new SqliteView(database, names, records)
    this.#writer = new ChangeWriter(database, names)
    database.exec(`PRAGMA busy_timeout = ${tryMs}`)
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#claims = new ClaimRows(database)
  }

  async transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    const { database, onCommitted } = this.#options
    await this.#beginWhenFree()
    try {
      const changes = decide(this.#view)
      if (bringsUsage(changes)) this.#admit(changes)
      const ids = this.#writer.write(changes)
      this.#commit.run()
      onCommitted()
      return ids
    } catch (error) {
      this.#names.clear()
      this.#rolledBack = true
      if (database.isTransaction) database.exec('ROLLBACK')
      throw translate(error)
    }
  }

  flush(): Promise<void> {
    return this.#orFailed(this.#options.disk.flush())
  }

  maintain(): Promise<void> {
    const makeRoom = this.#rolledBack
    this.#rolledBack = false
    return this.#orFailed(this.#options.disk.checkpointIfDue(makeRoom))
  }

  space(): Promise<DiskSpace> {
    return this.#options.disk.space()
  }

  async close(): Promise<void> {
    const { database, path, disk, lock } = this.#options
    if (this.#failed) closeKeepingLog(database, path)
    else {
      // The last connection copies the WAL into the main file and deletes it: with flushes.
      database.exec('PRAGMA synchronous = FULL')
      database.close()
    }
    // After it: the system drops a process's locks on a file when any descriptor of it closes.
    await disk.close()
    lock.release()
  }

  /** Waits for the transaction of another process, without keeping the event loop. */
  async #beginWhenFree(): Promise<void> {
    const { lockClock } = this.#options
    const startedAt = lockClock.elapsed()
    for (;;)
      try {
        this.#begin.run()
        return
      } catch (error) {
        const waitedMs = lockClock.elapsed() - startedAt
        if (codeOf(error) !== sqliteBusy || waitedMs >= longestWaitMs) throw translate(error)
        await sleep(lockClock, pauseMs)
      }
  }

  /** Refuses usage for which there is no room, so that what the book has can still be sealed and sent. */
  #admit(changes: Changes): void {
    const { keyLimitBytes } = this.#options
    const keyBytes = bytesOfClaims(changes.claims, bytesOfKey)
    if (keyBytes > 0 && this.#claims.bytes() + keyBytes > keyLimitBytes)
      throw keysFull(keyLimitBytes)
    if (this.#options.disk.reserve(pagesOf(changes, keyBytes))) return
    throw new SidecarError(
      'LedgerFull',
      'The volume of the data directory is full, so nothing of this was recorded; the room that is left is kept for sending what the ledger has. Free or enlarge the volume; the sidecar then continues by itself, and you can send the same request again.',
    )
  }

  async #orFailed(flushed: Promise<void>): Promise<void> {
    try {
      await flushed
    } catch (error) {
      this.#failed = true
      throw error
    }
  }
}

/** Usage that was reported now; what moves inside the book has no part in it. */
function bringsUsage({ accounts, claims, readings }: Changes): boolean {
  // What stays of an hour that is closed before its end is no new reading.
  const isRead = readings?.rows.some(({ reading }) => reading.key !== closedKey) === true
  if (claims.length > 0 || isRead) return true
  // Sealing counts what readings came to.
  const closesReadings = readings?.hours.some(({ closed }) => closed) === true
  // What one account gives to another is counted on both sides.
  return !closesReadings && accounts.reduce((sum, { reported }) => sum + reported, 0n) > 0n
}

const pageBytes = 4096

/** The most pages that usage can write: every row on pages of its own that split, and long rows. */
function pagesOf(
  { accounts, added, claims, readings, cursors }: Changes,
  keyBytes: number,
): number {
  let rows = accounts.length + 2 * (readings?.rows.length ?? 0) + (cursors?.put.length ?? 0)
  let bytes = keyBytes
  for (const { added: cells } of added)
    for (const tags of cells.keys()) {
      rows += 1
      bytes += tags.length
    }
  rows += 3 * claims.length
  return 2 * rows + Math.ceil((2 * bytes) / pageBytes) + 16
}
