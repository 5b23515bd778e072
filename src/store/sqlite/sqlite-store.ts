import type { DatabaseSync } from 'node:sqlite'
import type { Changes } from '../changes.ts'
import type { Store } from '../store.ts'
import type { DiskSpace } from '../summary.ts'
import type { BookView } from '../view.ts'
import { closeKeepingLog } from './file/close-keeping-log.ts'
import type { Disk } from './file/disk.ts'
import type { FileLock } from './file/file-lock.ts'
import { Names } from './names.ts'
import { RecordRows } from './record-rows.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteView } from './sqlite-view.ts'
import { translate } from './file/storage-errors.ts'
import { ChangeWriter } from './write-changes.ts'

export interface SqliteStoreOptions {
  readonly database: DatabaseSync
  /** Its main file. */
  readonly path: string
  readonly disk: Disk
  readonly lock: FileLock
  /** Called after each commit, before it is flushed. */
  readonly onCommitted: () => void
}

/** A book in one SQLite file, for the one task or pod that holds its lock. */
export class SqliteStore extends SqliteReader implements Store {
  readonly #options: SqliteStoreOptions
  readonly #names: Names
  readonly #view: SqliteView
  readonly #writer: ChangeWriter
  readonly #begin
  readonly #commit
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
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
  }

  async transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    const { database, onCommitted } = this.#options
    try {
      this.#begin.run()
    } catch (error) {
      throw translate(error)
    }
    try {
      const ids = this.#writer.write(decide(this.#view))
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

  async #orFailed(flushed: Promise<void>): Promise<void> {
    try {
      await flushed
    } catch (error) {
      this.#failed = true
      throw error
    }
  }
}
