import {
  copyFileSync,
  existsSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DataSync } from '../../../src/store/sqlite/file/disk.ts'
import { temporaryDirectory } from './ledger-bench.ts'

const pageBytes = 4096
const names = ['ledger.db', 'ledger.db-wal']

interface KernelFile {
  inode: number
  /** What is on the disk. */
  disk: Buffer
  /** What the file held at the last flush, failed or not: equal pages are clean. */
  clean: Buffer
  /** Pages that were written since, even with the same bytes. */
  readonly written: Set<number>
}

/**
 * A disk under a kernel that marks pages clean although writing them failed, as Linux does: they stay
 * readable from its cache, and a later flush writes only what was written again after the failure.
 */
export class ForgetfulDisk {
  /** The name of a file whose flushes fail. */
  failing: string | undefined
  readonly #files = new Map<string, KernelFile>()

  static async create(): Promise<ForgetfulDisk> {
    const disk = new ForgetfulDisk()
    const anyFile = await open(process.execPath)
    const fileHandles = Object.getPrototypeOf(anyFile) as Pick<FileHandle, 'write'>
    await anyFile.close()
    const { write } = fileHandles
    fileHandles.write = function writeAndNote(this: FileHandle, ...args: unknown[]) {
      const [, , length, position] = args
      disk.#noteWrite(this, Number(position), Number(length))
      return Reflect.apply(write, this, args)
    } as typeof write
    onTestFinished(() => void (fileHandles.write = write))
    return disk
  }

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
        const isClean = page.equals(file.clean.subarray(at, at + pageBytes))
        if (!isClean || file.written.has(at / pageBytes)) page.copy(disk, at)
      }
      file.disk = disk
    }
    file.clean = now
    file.written.clear()
    return works ? Promise.resolve() : Promise.reject(new Error('EIO: i/o error, fdatasync'))
  }

  /** The process dies: the next one finds the files as the kernel's cache has them. */
  killProcess(directory: string): string {
    const next = temporaryDirectory()
    for (const name of names.filter((each) => existsSync(join(directory, each)))) {
      copyFileSync(join(directory, name), join(next, name))
      const file = this.#files.get(name)
      if (file !== undefined) file.inode = statSync(join(next, name)).ino
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

  #noteWrite(handle: FileHandle, position: number, length: number): void {
    const path = pathOf(handle)
    if (!names.includes(basename(path))) return
    const { written } = this.#fileOf(path)
    for (let at = position; at < position + length; at += pageBytes)
      written.add(Math.floor(at / pageBytes))
  }

  #fileOf(path: string): KernelFile {
    const inode = statSync(path).ino
    const known = this.#files.get(basename(path))
    if (known?.inode === inode) return known
    const file = {
      inode,
      disk: Buffer.alloc(0),
      clean: Buffer.alloc(0),
      written: new Set<number>(),
    }
    this.#files.set(basename(path), file)
    return file
  }
}

function pathOf({ fd }: FileHandle): string {
  return readlinkSync(`/proc/self/fd/${fd}`)
}
