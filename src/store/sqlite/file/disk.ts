import { fstatSync, lstatSync, readdirSync } from 'node:fs'
import { open, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { DataSync } from './data-sync.ts'
import { extendFile } from './extend-file.ts'
import { rewriteFile } from './rewrite-file.ts'
import { isWithoutRoom, notFlushed, notWritable } from './storage-errors.ts'
import { ledgerFileName, type OpenedDatabase } from './open-database.ts'
import { syncDirectory, syncParents } from './sync-directory.ts'
import type { DiskSpace } from '../../summary.ts'

/** Pages in the WAL after which it is copied into the main file: 4 MiB. */
const checkpointPages = 1000
/** Groups of usage between two looks at the WAL, while it cannot have grown that far. */
const groupsBetweenLooks = 16
/** What the WAL has room for on a full volume, beyond what usage may fill: sealing, marking, settling. */
const reservedPages = 1024
/** A page and its header in the WAL, and the WAL's own header. */
const pageBytes = 4096
const frameBytes = pageBytes + 24
const walHeaderBytes = 32

interface DiskParts {
  readonly database: DatabaseSync
  readonly path: string
  readonly main: FileHandle
  readonly wal: FileHandle
  readonly sync: DataSync
  readonly limitBytes: number
}

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
  readonly #limitBytes: number
  readonly #walState
  readonly #checkpoint
  /** What the WAL is long: its room is written ahead, and stays when it begins anew. */
  #walBytes = 0
  /** The most pages of the WAL that are in use. */
  #usedPages = 0
  /** Groups since the WAL was last looked at. */
  #unseenGroups = 0

  private constructor({ database, path, main, wal, sync, limitBytes }: DiskParts) {
    this.#database = database
    this.#path = path
    this.#main = main
    this.#wal = wal
    this.#sync = sync
    this.#limitBytes = limitBytes
    this.#walState = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** The database has committed at least once. */
  static async open(
    { database, path, recovered }: OpenedDatabase,
    sync: DataSync,
    limitBytes: number,
  ): Promise<Disk> {
    const main = await open(path, 'r+')
    let wal: FileHandle | undefined
    try {
      wal = await open(`${path}-wal`, 'r+')
      const disk = new Disk({ database, path, main, wal, sync, limitBytes })
      if (recovered) await disk.#rewrite()
      // Without room for the reserve the sidecar still starts, and sends what it can.
      disk.reserve(0)
      const directory = resolve(dirname(path))
      // Each is waited for, so that none is under way when the files are closed.
      const flushes = [sync(main), sync(wal), syncDirectory(directory), syncParents(directory)]
      for (const flush of await Promise.allSettled(flushes))
        if (flush.status === 'rejected') throw flush.reason
      return disk
    } catch (error) {
      // Left to the garbage collector, it would take SQLite's locks of a later attempt along.
      await main.close()
      await wal?.close()
      throw error
    }
  }

  /** Resolves when everything committed so far survives a power cut. */
  async flush(): Promise<void> {
    await this.#sync(this.#wal)
    this.#refuseDeleted()
  }

  /** A file without a name is gone with this process, however well it is flushed. */
  #refuseDeleted(): void {
    for (const file of [this.#wal, this.#main])
      if (fstatSync(file.fd).nlink === 0)
        throw new Error(
          `the files of ${this.#path} were deleted under the running sidecar, and what they held is in no file any more but a backup`,
        )
  }

  /**
   * Makes room in the WAL for `pages` of new usage and, beyond it, for sealing, marking and settling what
   * the book then has. Returns false when the volume is too full. Nothing else takes that room away: it is
   * written, not only set aside, and whatever fills the volume does not get it. Throws LedgerNotWritable.
   */
  reserve(pages: number): boolean {
    const needed = walHeaderBytes + (this.#usedPages + pages + reservedPages) * frameBytes
    if (this.#isOverLimit(Math.max(this.#walBytes, needed), pages)) return false
    try {
      if (this.#walBytes < needed) this.#walBytes = extendFile(this.#wal.fd, needed)
    } catch (error) {
      if (isWithoutRoom(error)) return false
      throw notWritable(error)
    }
    this.#usedPages += pages
    return true
  }

  /** Each page of the log may become one of the file, and a start after a kill makes a copy of the file. */
  #isOverLimit(walBytes: number, pages: number): boolean {
    if (this.#limitBytes === Number.POSITIVE_INFINITY) return false
    const later = (this.#usedPages + pages + reservedPages) * pageBytes
    return 2 * (fstatSync(this.#main.fd).size + later) + walBytes > this.#limitBytes
  }

  /**
   * Copies a WAL that has grown into the main file, or any when `now` is set: on a full disk that makes
   * room, for the WAL is then written again from its start. To be called when everything is flushed and before
   * the next commit: SQLite may reuse the WAL only when the main file is on disk, which is why its
   * own, blocking flushes are off for the copy and this waits for the disk instead. The WAL keeps its
   * size and is written again from its start: flushing a file that does not grow is cheaper.
   */
  async checkpointIfDue(now = false): Promise<void> {
    this.#unseenGroups += 1
    const mayWait =
      this.#usedPages < checkpointPages &&
      this.#unseenGroups < groupsBetweenLooks &&
      this.#hasHeadRoom()
    if (!now && mayWait) return
    if (this.#readUse() < (now ? 1 : checkpointPages)) return
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
    this.#readUse()
  }

  /** Whether a few groups more fit into the WAL as it is. Estimates that make it grow are worth a look. */
  #hasHeadRoom(): boolean {
    const pages = this.#usedPages + checkpointPages / 4 + reservedPages
    return walHeaderBytes + pages * frameBytes <= this.#walBytes
  }

  /** How many pages of the WAL are not in the main file; when all are, the next commit begins it anew. */
  #readUse(): number {
    const { log = 0, checkpointed = 0 } = this.#walState.get() ?? {}
    const pages = Math.max(0, Number(log) - Number(checkpointed))
    this.#usedPages = pages === 0 ? 0 : Number(log)
    this.#unseenGroups = 0
    return pages
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
    const ledgerBytes = main.size + wal.size
    // What is left for a user without privileges, which is what the sidecar is.
    const freeBytes = volume.bavail * volume.bsize
    return {
      ledgerBytes,
      freeBytes: Math.max(0, Math.min(freeBytes, this.#limitBytes - ledgerBytes - main.size)),
      volumeBytes: Math.min(volume.blocks * volume.bsize, this.#limitBytes),
    }
  }

  async close(): Promise<void> {
    await this.#main.close()
    await this.#wal.close()
  }
}

/** Flushes what opening found and wrote: nothing may be acknowledged on top of a file that is not on disk. */
export async function openDisk(
  opened: OpenedDatabase,
  sync: DataSync,
  limitBytes = Number.POSITIVE_INFINITY,
): Promise<Disk> {
  try {
    const directory = resolve(dirname(opened.path))
    return await Disk.open(opened, sync, limitBytes - bytesOfOthers(directory))
  } catch (cause) {
    throw notFlushed(opened.path, cause)
  }
}

/** What else lies in the directory, such as ledgers that were set aside. */
function bytesOfOthers(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name !== ledgerFileName && name !== `${ledgerFileName}-wal`)
    .reduce((sum, name) => {
      const file = lstatSync(join(directory, name), { throwIfNoEntry: false })
      return sum + (file?.size ?? 0)
    }, 0)
}
