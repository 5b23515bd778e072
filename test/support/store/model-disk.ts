import type { Changes } from '../../../src/store/changes.ts'
import type { Store } from '../../../src/store/store.ts'
import { ModelBook } from './model-book.ts'
import { ModelStore, type WriteFailure } from './model-store.ts'

/** The book as processes see it, and what of it is not on disk yet. */
interface Cache {
  readonly book: ModelBook
  /** Committed and not flushed, in their order. */
  unflushed: Changes[]
}

/**
 * A disk with a page cache, on which one book lies. A flush that fails marks the pages clean although
 * nothing was written, as Linux does: a later flush succeeds, and what it should have written is gone
 * with the power. What follows a gap cannot be read either.
 */
export class ModelDisk {
  #durable = new ModelBook()
  #cache: Cache = { book: new ModelBook(), unflushed: [] }
  /** Pages count as clean that are not on disk. */
  #hasGap = false
  #failingFlushes = 0
  #failingWrites: WriteFailure[] = []
  /** Whether opening writes again what it recovered from the cache. Only without that, a gap outlives a restart. */
  readonly #rewritesOnOpen: boolean
  readonly #keyLimitBytes: number | undefined

  constructor({
    rewritesOnOpen = true,
    keyLimitBytes,
  }: {
    readonly rewritesOnOpen?: boolean
    readonly keyLimitBytes?: number | undefined
  } = {}) {
    this.#rewritesOnOpen = rewritesOnOpen
    this.#keyLimitBytes = keyLimitBytes
  }

  /** The next flushes fail. */
  failFlushes(times: number): void {
    this.#failingFlushes += times
  }

  /** The next transactions fail, each with one of these codes. */
  failWrites(...codes: WriteFailure[]): void {
    this.#failingWrites.push(...codes)
  }

  /** No flush and no transaction fails from now on. */
  heal(): void {
    this.#failingFlushes = 0
    this.#failingWrites = []
  }

  /**
   * Opens the book as a new process does; `onCommitted` is called after each commit, before it is
   * flushed. Rejects when what it recovers cannot be flushed.
   */
  async open(onCommitted: () => void = () => {}): Promise<Store> {
    this.endProcess()
    if (this.#rewritesOnOpen) this.#flushAll()
    else this.#flush(this.#cache)
    const cache = this.#cache
    return new ModelStore({
      book: cache.book,
      nextWriteFailure: () => this.#failingWrites.shift(),
      onCommitted: (changes) => {
        cache.unflushed.push(changes)
        onCommitted()
      },
      flush: () => this.#flush(cache),
      keyLimitBytes: this.#keyLimitBytes,
    })
  }

  /** The process dies: what it does from now on has no effect, and the page cache stays. */
  endProcess(): void {
    const { book, unflushed } = this.#cache
    this.#cache = { book: book.copy(), unflushed: [...unflushed] }
  }

  /** The power is cut: what is not on disk is gone. */
  crash(): void {
    this.#cache = { book: this.#durable.copy(), unflushed: [] }
    this.#hasGap = false
  }

  /** A flush of a process that has died says nothing, and does nothing. */
  #flush(cache: Cache): void {
    if (cache !== this.#cache) return
    const { unflushed } = cache
    cache.unflushed = []
    this.#failIfTold(unflushed.length > 0)
    if (!this.#hasGap) for (const changes of unflushed) this.#durable.apply(changes)
  }

  #flushAll(): void {
    this.#cache.unflushed = []
    this.#failIfTold(true)
    this.#durable = this.#cache.book.copy()
    this.#hasGap = false
  }

  #failIfTold(loses: boolean): void {
    if (this.#failingFlushes === 0) return
    this.#failingFlushes -= 1
    this.#hasGap ||= loses
    throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
  }
}
