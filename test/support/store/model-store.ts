import { SidecarError } from '../../../src/kernel/errors.ts'
import type { Changes } from '../../../src/store/changes.ts'
import { keysFull } from '../../../src/store/room-of-keys.ts'
import type { Store } from '../../../src/store/store.ts'
import type { DiskSpace } from '../../../src/store/summary.ts'
import type { BookView } from '../../../src/store/view.ts'
import type { ModelBook } from './model-book.ts'
import { ModelReader } from './model-reader.ts'
import { ModelView } from './model-view.ts'

export type WriteFailure = 'LedgerFull' | 'LedgerBusy'

export interface ModelStoreOptions {
  readonly book: ModelBook
  /** The failure that the next transaction is told to have. */
  readonly nextWriteFailure: () => WriteFailure | undefined
  /** Called after each commit, before it is flushed. */
  readonly onCommitted: (changes: Changes) => void
  /** Throws when the disk refuses. */
  readonly flush: () => void
  /** What idempotency keys may take. */
  readonly keyLimitBytes?: number | undefined
}

/** What a key takes. */
const bytesOfKey = 100

/** The port in plain maps. */
export class ModelStore extends ModelReader implements Store {
  readonly gatherMs = 0
  readonly #options: ModelStoreOptions

  constructor(options: ModelStoreOptions) {
    super(() => options.book)
    this.#options = options
  }

  async transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    const { book, nextWriteFailure, onCommitted, keyLimitBytes = Infinity } = this.#options
    const failure = nextWriteFailure()
    if (failure === 'LedgerBusy') throw new SidecarError(failure, 'The ledger is locked.')
    const changes = decide(new ModelView(book))
    const { claims } = changes
    if (claims.length > 0 && (book.claims.size + claims.length) * bytesOfKey > keyLimitBytes)
      throw keysFull(keyLimitBytes)
    if (failure === 'LedgerFull') throw new SidecarError(failure, 'The disk is full.')
    const ids = book.apply(changes)
    onCommitted(changes)
    return ids
  }

  async flush(): Promise<void> {
    this.#options.flush()
  }

  async maintain(): Promise<void> {}

  async space(): Promise<DiskSpace> {
    return { ledgerBytes: 4096, freeBytes: 2 ** 30, volumeBytes: 2 ** 31 }
  }

  async close(): Promise<void> {
    this.#options.flush()
  }
}
