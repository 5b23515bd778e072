import { createSystemClock, sleep, stopwatch, type Timer } from '../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import type { Changes } from '../changes.ts'
import { keysFull } from '../room-of-keys.ts'
import type { Store } from '../store.ts'
import type { DiskSpace } from '../summary.ts'
import type { BookView } from '../view.ts'
import { CommitUnknown, type Database } from './connection/database.ts'
import { isCollision, isLost, isUniqueViolation, translate } from './connection/database-errors.ts'
import { LeaseMissing, type Lease } from './lease.ts'
import { Names } from './names.ts'
import { PostgresReader } from './postgres-reader.ts'
import { hourName, Loaded } from './view/loaded.ts'
import type { Scope } from './scope.ts'
import { lockCustomers } from './view/load-customers.ts'
import { Loader } from './view/loader.ts'
import { LoadingView } from './view/loading-view.ts'
import { all } from './view/shelf.ts'
import { roomOfClaims } from './write/write-claims.ts'
import { ChangeWriter } from './write/write-changes.ts'
import { isReport, writeReport } from './write/write-report.ts'

interface PostgresStoreOptions {
  readonly database: Database
  /** How the database is named for people. */
  readonly name: string
  /** The task or pod that this process acts for, and its right to do so; undefined for `ledger` commands. */
  readonly acting:
    { readonly scope: Scope; readonly lease: Lease; readonly renewMs: number } | undefined
  /** How long a group waits to learn whether it was committed. */
  readonly outcomeMs?: number | undefined
  /** Called once, when another process acts for the task or pod. */
  readonly onLost: (error: SidecarError) => void
  readonly onCommitted: () => void
  /** What the idempotency keys of all tasks and pods may take. */
  readonly keyLimitBytes: number
}

/** How often a group runs again because another one was in its way. */
const mostRuns = 8
/** How long what was loaded may be used by later groups. */
const lastingSeconds = 1
const realTime = createSystemClock()

/** A book in PostgreSQL, for one of the many tasks or pods that share it. */
export class PostgresStore extends PostgresReader implements Store {
  readonly gatherMs = 2
  readonly #options: PostgresStoreOptions
  readonly #names = new Names()
  readonly #loaded = new Loaded()
  readonly #loader: Loader
  readonly #writer: ChangeWriter
  #age = stopwatch()
  /** A group's outcome could not be learnt yet. */
  #isUncertain = false
  #renewal: Timer | undefined
  #lost: SidecarError | undefined

  constructor(options: PostgresStoreOptions) {
    const { database, name, acting } = options
    super({ database, name, scope: acting?.scope })
    this.#options = options
    this.#loader = new Loader(this.#names, acting?.scope)
    this.#writer = new ChangeWriter(this.#names, acting?.scope)
    if (acting !== undefined) this.#renewLater(acting.lease, acting.renewMs)
  }

  async transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    for (let run = 1; ; run += 1)
      try {
        return await this.#run(decide)
      } catch (error) {
        this.#forgetAll()
        if (run < mostRuns && (await this.#canRunAgain(error, run))) continue
        throw translate(error, this.#options.name)
      }
  }

  /** A commit is durable when it is answered. */
  async flush(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
  }

  async maintain(): Promise<void> {
    await this.flush()
  }

  async space(): Promise<DiskSpace> {
    return { ledgerBytes: await this.ledgerBytes(), freeBytes: undefined, volumeBytes: undefined }
  }

  async close(): Promise<void> {
    const { database, acting } = this.#options
    this.#renewal?.cancel()
    await acting?.lease.release(database).catch(() => {})
    await database.close()
  }

  async #run(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    if (this.#lost !== undefined) throw this.#lost
    const { acting } = this.#options
    if (acting === undefined) return this.#inTransaction(decide, undefined)
    const { lease } = acting
    if (this.#isUncertain) await this.#wasCommitted(lease)
    return (await this.#asReport(decide, lease)) ?? this.#inTransaction(decide, lease)
  }

  /** Tries one statement, without a transaction around it. Undefined when the group needs one. */
  async #asReport(
    decide: (view: BookView) => Changes,
    lease: Lease,
  ): Promise<readonly number[] | undefined> {
    const { database } = this.#options
    const loaded = this.#loaded
    if (this.#age() > lastingSeconds) this.#forgetLoaded()
    loaded.clearTransaction()
    for (;;) {
      const view = new LoadingView(loaded, true)
      const decided = attempt(decide, view)
      if (loaded.missesOfTransaction) return undefined
      if (loaded.misses) {
        await this.#loader.loadLasting(database, loaded)
        continue
      }
      if (!decided.ok) {
        if (view.assumedKeys.size > 0) return undefined
        throw decided.error
      }
      const { changes } = decided
      const hasRoom = this.#hasRoom(changes)
      if (loaded.misses) {
        await this.#loader.loadLasting(database, loaded)
        continue
      }
      // Keys that were taken for new may be known.
      if (!hasRoom || !this.#isPlain(changes, view)) return undefined
      if (changes.accounts.length === 0 && changes.claims.length === 0) return []
      try {
        await writeReport(database, changes, this.#names, lease)
        lease.counted()
      } catch (error) {
        if (isUniqueViolation(error)) return undefined
        if (!isLost(error) || !(await this.#wasCommitted(lease))) throw error
      }
      this.#note(changes)
      this.#options.onCommitted()
      return []
    }
  }

  async #inTransaction(
    decide: (view: BookView) => Changes,
    lease: Lease | undefined,
  ): Promise<readonly number[]> {
    let ids: readonly number[] = []
    try {
      await this.#options.database.transaction(async (session) => {
        await lease?.count(session)
        this.#forgetLoaded()
        let hasCustomers = false
        for (;;) {
          const decided = attempt(decide, new LoadingView(this.#loaded, false))
          if (this.#loaded.misses) {
            await this.#loader.load(session, this.#loaded)
            continue
          }
          if (!decided.ok) throw decided.error
          const hasRoom = this.#hasRoom(decided.changes)
          if (this.#loaded.misses) {
            await this.#loader.load(session, this.#loaded)
            continue
          }
          if (!hasRoom) throw keysFull(this.#options.keyLimitBytes)
          if (!hasCustomers && decided.changes.registrations.length > 0) {
            // Another session may register the same customer: from here on it waits.
            await lockCustomers(session)
            hasCustomers = true
            this.#forgetLoaded()
            continue
          }
          ids = await this.#writer.write(session, decided.changes, this.#loaded)
          return
        }
      })
      lease?.counted()
    } catch (error) {
      if (!(error instanceof CommitUnknown)) throw error
      if (lease === undefined) throw outcomeUnknown(this.#options.name, error)
      if (!(await this.#wasCommitted(lease))) throw error
    }
    this.#forgetLoaded()
    this.#options.onCommitted()
    return ids
  }

  /** Asks until it is known whether the last group was committed. */
  async #wasCommitted(lease: Lease): Promise<boolean> {
    const { database, name, outcomeMs = 10_000 } = this.#options
    const elapsed = stopwatch()
    this.#isUncertain = true
    for (;;)
      try {
        const committed = await lease.wasCommitted(database)
        this.#isUncertain = false
        return committed
      } catch (error) {
        if (error instanceof SidecarError) throw this.#end(error)
        if (elapsed() * 1000 >= outcomeMs) throw outcomeUnknown(name, error)
        await sleep(realTime, 100)
      }
  }

  async #canRunAgain(error: unknown, run: number): Promise<boolean> {
    const { acting, database } = this.#options
    if (error instanceof LeaseMissing && acting !== undefined) {
      try {
        await acting.lease.repair(database)
        return true
      } catch (failure) {
        if (failure instanceof SidecarError && failure.code === 'LedgerInUse')
          throw this.#end(failure)
        throw translate(failure, this.#options.name)
      }
    }
    // Another session was first: the rules see its rows now. And a connection may have been dead for long.
    return isCollision(error) || (run <= 2 && (isUniqueViolation(error) || isLost(error)))
  }

  /** Whether there is room for the new keys, as far as it is loaded what there is. */
  #hasRoom({ claims }: Changes): boolean {
    if (claims.length === 0) return true
    const bytes = this.#loaded.lasting.keyBytes.ask(all, true, 0)
    return bytes + roomOfClaims(claims) <= this.#options.keyLimitBytes
  }

  /** Whether the changes are reports alone, and every key that was taken for new is written. */
  #isPlain(changes: Changes, { assumedKeys }: LoadingView): boolean {
    const written = new Set(changes.claims.map(({ token }) => token))
    return (
      isReport(changes) &&
      [...assumedKeys].every((key) => written.has(key)) &&
      changes.accounts.every(({ account }) => this.#names.accountId(account) !== undefined)
    )
  }

  /** Keeps what lasts in step with a group of reports. */
  #note({ accounts, added, claims }: Changes): void {
    const { keyBytes, reported, tags } = this.#loaded.lasting
    const bytes = keyBytes.peek(all)
    if (bytes !== undefined) keyBytes.put(all, bytes + roomOfClaims(claims))
    for (const { account, reported: more } of accounts) {
      const before = reported.peek(account.name)
      if (before !== undefined) reported.put(account.name, before + more)
    }
    for (const { added: cells, ...open } of added) {
      const before = tags.peek(hourName(open))
      if (before !== undefined) tags.put(hourName(open), new Set([...before, ...cells.keys()]))
    }
  }

  #renewLater(lease: Lease, renewMs: number): void {
    this.#renewal = realTime.after(renewMs, () => {
      lease
        .renew(this.#options.database)
        .catch(() => {})
        .finally(() => this.#renewLater(lease, renewMs))
    })
  }

  #forgetLoaded(): void {
    this.#loaded.clear()
    this.#age = stopwatch()
  }

  #forgetAll(): void {
    this.#forgetLoaded()
    this.#names.clear()
  }

  #end(error: SidecarError): SidecarError {
    if (this.#lost === undefined) this.#options.onLost(error)
    this.#lost = error
    return error
  }
}

type Decided =
  { readonly ok: true; readonly changes: Changes } | { readonly ok: false; readonly error: unknown }

/** Whatever the rules make of a book that is not all there does not count. */
function attempt(decide: (view: BookView) => Changes, view: LoadingView): Decided {
  try {
    return { ok: true, changes: decide(view) }
  } catch (error) {
    return { ok: false, error }
  }
}

function outcomeUnknown(name: string, cause: unknown): SidecarError {
  return new SidecarError(
    'DatabaseOutcomeUnknown',
    `The connection to the database ${name} broke while this was being recorded (${messageOf(cause)}), and it is not back yet. Whether it was recorded is unknown: repeat it only with the idempotency key it had; without one it could be counted twice.`,
    { cause, retryAfterSeconds: 5 },
  )
}
