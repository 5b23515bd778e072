import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { DataSync } from '../../../src/store/sqlite/file/disk.ts'
import { scratch } from '../scratch.ts'

const sectorBytes = 512

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
  readonly #files = new Map<string, Copies>()
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

  /** A hook for one process on the directory. The main file is opened, and flushed, first. */
  dataSync(): DataSync {
    const { directory } = this
    const handles: unknown[] = []
    return (handle) => {
      if (!handles.includes(handle)) handles.push(handle)
      const name = handles.indexOf(handle) === 0 ? 'ledger.db' : 'ledger.db-wal'
      return directory === this.directory ? this.#sync(name) : Promise.resolve()
    }
  }

  /** Notes that a process has ended in order: what it wrote last, it flushed itself. */
  closed(): void {
    this.#files.clear()
    for (const name of readdirSync(this.directory)) void this.#sync(name)
  }

  /** The process dies: a new directory has what it wrote, and the disk still has what was flushed. */
  kill(): void {
    const before = this.directory
    const directory = this.#newDirectory()
    for (const name of ['ledger.db', 'ledger.db-wal'])
      if (existsSync(join(before, name))) copyFileSync(join(before, name), join(directory, name))
  }

  /** Cuts the power: a new directory has what was flushed. */
  crash(): void {
    const kept = [...this.#files].map(([name, { durable }]) => [name, durable] as const)
    const directory = this.#newDirectory()
    this.#files.clear()
    for (const [name, durable] of kept) {
      writeFileSync(join(directory, name), durable)
      this.#files.set(name, { clean: durable, durable })
    }
  }

  remove(): void {
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true })
  }

  async #sync(name: string): Promise<void> {
    const written = readFileSync(join(this.directory, name))
    const { clean, durable } = this.#files.get(name) ?? {
      clean: Buffer.alloc(0),
      durable: Buffer.alloc(0),
    }
    if (this.#failing > 0) {
      this.#failing -= 1
      this.#files.set(name, { clean: written, durable })
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    }
    const disk = Buffer.alloc(written.length)
    durable.copy(disk)
    for (let at = 0; at < written.length; at += sectorBytes) {
      const sector = written.subarray(at, at + sectorBytes)
      if (!sector.equals(clean.subarray(at, at + sectorBytes))) sector.copy(disk, at)
    }
    this.#files.set(name, { clean: written, durable: disk })
  }

  #newDirectory(): string {
    const directory = mkdtempSync(join(scratch, 'ledger-forgetful-'))
    this.#directories.push(directory)
    return directory
  }
}
