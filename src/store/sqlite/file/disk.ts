import { open, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { messageOf, SidecarError } from '../../../kernel/errors.ts'
import type { DataSync } from './data-sync.ts'
import { rewriteFile } from './rewrite-file.ts'
import type { OpenedDatabase } from './open-database.ts'
import { syncDirectory, syncParents } from './sync-directory.ts'
import type { DiskSpace } from '../../summary.ts'

/** Pages in the WAL after which it is copied into the main file: 4 MiB. */
const checkpointPages = 1000

/**
 * The flushes of the ledger, all of them asynchronous: SQLite commits without waiting for the disk,
 * and this waits for it off the event loop. The descriptors stay open, for SQLite keeps both files as
 * long as its connection lives.
 */
export class Disk {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #main: FileHandle
  readonly #wal: FileHandle
  readonly #sync: DataSync
  readonly #walState
  readonly #checkpoint

  private constructor(
    database: DatabaseSync,
    path: string,
    main: FileHandle,
    wal: FileHandle,
    sync: DataSync,
  ) {
    this.#database = database
    this.#path = path
    this.#main = main
    this.#wal = wal
    this.#sync = sync
    this.#walState = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** The database has committed at least once. */
  static async open({ database, path, recovered }: OpenedDatabase, sync: DataSync): Promise<Disk> {
    const main = await open(path, 'r+')
    const wal = await open(`${path}-wal`, 'r+')
    const disk = new Disk(database, path, main, wal, sync)
    if (recovered) await disk.#rewrite()
    await sync(main)
    await sync(wal)
    return disk
  }

  /** Resolves when everything committed so far survives a power cut. */
  flush(): Promise<void> {
    return this.#sync(this.#wal)
  }

  /**
   * Copies a WAL that has grown into the main file, or any when `now` is set: on a full disk that makes
   * room, for the WAL is then written again from its start. To be called when everything is flushed and before
   * the next commit: SQLite may reuse the WAL only when the main file is on disk, which is why its
   * own, blocking flushes are off for the copy and this waits for the disk instead. The WAL keeps its
   * size and is written again from its start: flushing a file that does not grow is cheaper.
   */
  async checkpointIfDue(now = false): Promise<void> {
    const { log = 0, checkpointed = 0 } = this.#walState.get() ?? {}
    const pages = Number(log) - Number(checkpointed)
    if (pages < (now ? 1 : checkpointPages)) return
    this.#database.exec('PRAGMA synchronous = OFF')
    try {
      this.#checkpoint.get()
    } catch {
      // The disk is full: the WAL still has everything, and the next group tries again.
      return
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL')
    }
    await this.#sync(this.#main)
  }

  /**
   * Puts on disk what the last process left, the log first: it holds all that a failed checkpoint may
   * have left out of the main file. SQLite's write lock keeps other processes from writing meanwhile.
   */
  async #rewrite(): Promise<void> {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const file of [this.#wal, this.#main]) {
        rewriteFile(file.fd)
        await this.#sync(file)
      }
    } finally {
      this.#database.exec('ROLLBACK')
    }
  }

  async space(): Promise<DiskSpace> {
    const [main, wal, volume] = await Promise.all([
      this.#main.stat(),
      this.#wal.stat(),
      statfs(this.#path),
    ])
    return {
      ledgerBytes: main.size + wal.size,
      // What is left for a user without privileges, which is what the sidecar is.
      freeBytes: volume.bavail * volume.bsize,
      volumeBytes: volume.blocks * volume.bsize,
    }
  }

  async close(): Promise<void> {
    await this.#main.close()
    await this.#wal.close()
  }
}

/** Flushes what opening found and wrote: nothing may be acknowledged on top of a file that is not on disk. */
export async function openDisk(opened: OpenedDatabase, sync: DataSync): Promise<Disk> {
  try {
    const disk = await Disk.open(opened, sync)
    const directory = resolve(dirname(opened.path))
    await syncDirectory(directory)
    await syncParents(directory)
    return disk
  } catch (cause) {
    throw new SidecarError(
      'LedgerFailed',
      `The ledger ${opened.path} could not be flushed to disk (${messageOf(cause)}). Check the volume under the data directory.`,
      { cause },
    )
  }
}
