import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { DataSync } from '../../../src/store/sqlite/file/data-sync.ts'
import { scratch } from '../scratch.ts'

const sectorBytes = 512
/** Most stretches of a file are as they were. */
const stretchBytes = 64 * 1024

/** A file as the system's cache believes it to be on disk, and as it is there. */
interface Copies {
  clean: Buffer
  durable: Buffer
}

/**
 * Directories of a ledger on a disk that keeps only what was flushed. A flush that fails marks what it
 * should have written as clean, as Linux does, so that no later flush writes it.
 */
export class ForgetfulFiles {
  readonly #directories: string[] = []
  /** By inode: a file that is renamed stays the same file. */
  readonly #files = new Map<number, Copies>()
  #failing = 0

  constructor() {
    this.#newDirectory()
  }

  get directory(): string {
    return this.#directories.at(-1) ?? ''
  }

  failFlushes(times: number): void {
    this.#failing += times
  }

  /** No flush fails from now on. */
  heal(): void {
    this.#failing = 0
  }

  /** A hook for one process on the directory. */
  dataSync(): DataSync {
    const { directory } = this
    return (handle) => {
      const name = basename(readlinkSync(`/proc/self/fd/${handle.fd}`))
      return directory === this.directory ? this.#sync(name) : Promise.resolve()
    }
  }

  /** Notes that a process has ended in order: what it wrote last, it flushed itself. */
  closed(): void {
    this.#files.clear()
    for (const name of this.#names()) {
      const written = readFileSync(join(this.directory, name))
      const inode = inodeOf(join(this.directory, name))
      this.#files.set(inode, { clean: written, durable: Buffer.from(written) })
    }
  }

  /** The process dies: a new directory has what it wrote, and the disk still has what was flushed. */
  kill(): void {
    const before = this.directory
    const names = this.#names()
    const directory = this.#newDirectory()
    for (const name of names) {
      copyFileSync(join(before, name), join(directory, name))
      const copies = this.#files.get(inodeOf(join(before, name)))
      if (copies !== undefined) this.#files.set(inodeOf(join(directory, name)), copies)
    }
  }

  /** Cuts the power: a new directory has what was flushed. */
  crash(): void {
    const kept = this.#names().flatMap((name) => {
      const copies = this.#files.get(inodeOf(join(this.directory, name)))
      return copies === undefined ? [] : [[name, copies.durable] as const]
    })
    const directory = this.#newDirectory()
    this.#files.clear()
    for (const [name, durable] of kept) {
      writeFileSync(join(directory, name), durable)
      this.#files.set(inodeOf(join(directory, name)), { clean: Buffer.from(durable), durable })
    }
  }

  remove(): void {
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true })
  }

  async #sync(name: string): Promise<void> {
    const path = join(this.directory, name)
    const inode = inodeOf(path)
    const written = readFileSync(path)
    const { clean, durable } = this.#files.get(inode) ?? {
      clean: Buffer.alloc(0),
      durable: Buffer.alloc(0),
    }
    if (this.#failing > 0) {
      this.#failing -= 1
      this.#files.set(inode, { clean: written, durable })
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    }
    const disk = durable.length === written.length ? durable : Buffer.alloc(written.length)
    if (disk !== durable) durable.copy(disk)
    for (let from = 0; from < written.length; from += stretchBytes) {
      const to = Math.min(written.length, from + stretchBytes)
      if (written.subarray(from, to).equals(clean.subarray(from, to))) continue
      for (let at = from; at < to; at += sectorBytes) {
        const sector = written.subarray(at, at + sectorBytes)
        if (!sector.equals(clean.subarray(at, at + sectorBytes))) sector.copy(disk, at)
      }
    }
    this.#files.set(inode, { clean: written, durable: disk })
  }

  /** The files that outlive a process. */
  #names(): string[] {
    return readdirSync(this.directory).filter((name) => !/-shm$|lock/.test(name))
  }

  #newDirectory(): string {
    const directory = mkdtempSync(join(scratch, 'ledger-forgetful-'))
    this.#directories.push(directory)
    return directory
  }
}

function inodeOf(path: string): number {
  return statSync(path).ino
}
