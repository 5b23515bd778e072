import {
  copyFileSync,
  existsSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DataSync } from '../../../src/store/sqlite/file/data-sync.ts'
import { temporaryDirectory } from './ledger-bench.ts'

const pageBytes = 4096
const names = ['ledger.db', 'ledger.db-wal']

interface KernelFile {
  /** What is on the disk. */
  disk: Buffer
  /** What the file held at the last flush, failed or not: equal pages are clean. */
  clean: Buffer
}

/**
 * A disk under a kernel that marks pages clean although writing them failed, as Linux does: they stay
 * readable from its cache, and a later flush writes only what has changed since. Writing the same bytes
 * again is not enough either, as on ext4, whose blocks then stay marked as never written.
 */
export class ForgetfulDisk {
  /** The name of a file whose flushes fail. */
  failing: string | undefined
  /** By inode: a name can go to another file. */
  readonly #files = new Map<number, KernelFile>()

  readonly dataSync: DataSync = (handle) => {
    const path = pathOf(handle)
    const now = readFileSync(path)
    const file = this.#fileOf(path)
    const works = basename(path) !== this.failing
    if (works) {
      const disk = Buffer.alloc(now.length)
      file.disk.copy(disk, 0, 0, Math.min(disk.length, file.disk.length))
      for (let at = 0; at < now.length; at += pageBytes) {
        const page = now.subarray(at, at + pageBytes)
        if (!page.equals(file.clean.subarray(at, at + pageBytes))) page.copy(disk, at)
      }
      file.disk = disk
    }
    file.clean = now
    return works ? Promise.resolve() : Promise.reject(new Error('EIO: i/o error, fdatasync'))
  }

  /** The process dies: the next one finds the files as the kernel's cache has them. */
  killProcess(directory: string): string {
    const next = temporaryDirectory()
    for (const name of names.filter((each) => existsSync(join(directory, each)))) {
      copyFileSync(join(directory, name), join(next, name))
      this.#files.set(statSync(join(next, name)).ino, this.#fileOf(join(directory, name)))
    }
    return next
  }

  /** The machine loses power: the next start finds what is on the disk. */
  cutPower(directory: string): string {
    const next = temporaryDirectory()
    for (const name of names.filter((each) => existsSync(join(directory, each))))
      writeFileSync(join(next, name), this.#fileOf(join(directory, name)).disk)
    return next
  }

  #fileOf(path: string): KernelFile {
    const inode = statSync(path).ino
    const known = this.#files.get(inode)
    if (known !== undefined) return known
    const file = { disk: Buffer.alloc(0), clean: Buffer.alloc(0) }
    this.#files.set(inode, file)
    return file
  }
}

function pathOf({ fd }: FileHandle): string {
  return readlinkSync(`/proc/self/fd/${fd}`)
}
