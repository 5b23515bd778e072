import { SidecarError } from '../../../src/kernel/errors.ts'
import { Events } from '../../../src/kernel/events.ts'
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import type { BookReader, Store } from '../../../src/store/store.ts'
import { ForgetfulFiles } from './forgetful-files.ts'
import type { ModelDisk } from './model-disk.ts'
import type { WriteFailure } from './model-store.ts'
import { createSilentLog } from '../silent-log.ts'

/** A disk with one book on it, for processes that die and for power that is cut. */
export type SimulatedDisk = Pick<
  ModelDisk,
  'failFlushes' | 'failWrites' | 'heal' | 'open' | 'endProcess' | 'crash'
>

/**
 * The real store on real files, of which a power cut leaves the bytes of the last good flush. What a dead
 * process still does happens in a directory that no one looks into any more.
 */
export class SqliteDisk implements SimulatedDisk {
  readonly #files = new ForgetfulFiles()
  readonly #now: () => number
  #failingWrites: WriteFailure[] = []
  /** Of the process that runs. */
  #current: Store | undefined
  readonly #ofDeadProcesses: Promise<void>[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  failFlushes(times: number): void {
    this.#files.failFlushes(times)
  }

  failWrites(...codes: WriteFailure[]): void {
    this.#failingWrites.push(...codes)
  }

  heal(): void {
    this.#files.heal()
    this.#failingWrites = []
  }

  async open(onCommitted: () => void = () => {}): Promise<Store> {
    this.endProcess()
    const events = new Events()
    events.on('stepReached', onCommitted)
    const store = await openSqliteStore({
      directory: this.#files.directory,
      meaningOf: () => undefined,
      now: this.#now(),
      events,
      log: createSilentLog(),
      dataSync: this.#files.dataSync(),
    })
    this.#current = store
    return this.#failing(store)
  }

  endProcess(): void {
    if (this.#leave()) this.#files.kill()
  }

  crash(): void {
    this.#leave()
    this.#files.crash()
  }

  /** Deletes the files of every process. */
  async remove(): Promise<void> {
    this.endProcess()
    await Promise.all(this.#ofDeadProcesses)
    this.#files.remove()
  }

  /** The running process, if there is one, is dead from now on. */
  #leave(): boolean {
    const store = this.#current
    this.#current = undefined
    // After the directory has been left, so that it changes nothing.
    if (store !== undefined)
      this.#ofDeadProcesses.push(
        Promise.resolve()
          .then(() => store.close())
          .catch(() => {}),
      )
    return store !== undefined
  }

  /** The same store, some of whose transactions are told to fail. */
  #failing(store: Store): Store {
    const transact: Store['transact'] = (decide) => {
      const failure = this.#current === store ? this.#failingWrites.shift() : undefined
      if (failure === 'LedgerBusy')
        return Promise.reject(new SidecarError(failure, 'The ledger is locked.'))
      return store.transact((view) => {
        const changes = decide(view)
        if (failure !== undefined) throw new SidecarError(failure, 'The disk is full.')
        return changes
      })
    }
    const { directory } = this.#files
    let isClosed = false
    const close = async (): Promise<void> => {
      await store.close()
      isClosed = true
      if (this.#current !== store) return
      this.#current = undefined
      this.#files.closed()
    }
    return new Proxy(store, {
      get(target, name) {
        if (name === 'transact') return transact
        if (name === 'close') return close
        // What a process has closed in order can still be read, as commands read it.
        const source = isClosed ? closedBook(directory) : target
        const value: unknown = Reflect.get(source, name, source)
        return typeof value === 'function' ? (value.bind(source) as unknown) : value
      },
    })
  }
}

function closedBook(
  directory: string,
): Pick<BookReader, 'accountSums' | 'usage' | 'customer' | 'records'> {
  return {
    accountSums: () => readBook(directory, (book) => book.accountSums()),
    customer: (key, now) => readBook(directory, (book) => book.customer(key, now)),
    usage: (now) => readBook(directory, (book) => book.usage(now)),
    async *records(filter) {
      yield* await readBook(directory, async (book) => {
        const all: MeteringRecord[] = []
        for await (const record of book.records(filter)) all.push(record)
        return all
      })
    },
  }
}
