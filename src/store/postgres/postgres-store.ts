import { createSystemClock, stopwatch, type Timer } from '../../kernel/clock.ts'
import type { SidecarError } from '../../kernel/errors.ts'
import type { Changes } from '../changes.ts'
import { keysFull } from '../room-of-keys.ts'
import type { Store } from '../store.ts'
import type { AuditFindings, DiskSpace } from '../summary.ts'
import type { BookView } from '../view.ts'
import type { Database } from './connection/database.ts'
import { isUniqueViolation, translate } from './connection/database-errors.ts'
import { GroupCommits } from './group-commits.ts'
import type { Lease } from './lease.ts'
import { Names } from './names.ts'
import { auditMs, PostgresReader } from './postgres-reader.ts'
import { hourName, Loaded } from './view/loaded.ts'
import type { Scope } from './scope.ts'
import { SharedAudit } from './audit/shared-audit.ts'
import { customerLockOf, lockCustomers, type CustomerLock } from './view/load-customers.ts'
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
  /** How many times as long as the last audit took none begins after it. */
  readonly auditRest: number
}

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
  readonly #commits: GroupCommits
  #age = stopwatch()
  #renewal: Timer | undefined

  constructor(options: PostgresStoreOptions) {
    const { database, name, acting } = options
    super({ database, name, scope: acting?.scope })
    this.#options = options
    this.#loader = new Loader(this.#names, acting?.scope)
    this.#writer = new ChangeWriter(this.#names, acting?.scope)
    this.#commits = new GroupCommits({ ...options, lease: acting?.lease, clock: realTime })
    if (acting !== undefined) this.#renewLater(acting.lease, acting.renewMs)
  }

  async transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    try {
      return await this.#commits.run(
        () => this.#run(decide),
        () => this.#forgetAll(),
      )
    } finally {
      this.#names.trim()
    }
  }

  /** Of a shared book: what the last audit found, by any of those that share it. */
  override async audited(): Promise<AuditFindings> {
    const { database, name, auditRest, acting } = this.#options
    if (acting === undefined) return super.audited()
    const options = { database, rest: auditRest, longestMs: auditMs }
    try {
      return await new SharedAudit({ ...options, audit: () => super.audited() }).findings()
    } catch (error) {
      throw translate(error, name)
    }
  }

  /** A commit is durable when it is answered. */
  async flush(): Promise<void> {
    this.#commits.check()
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
    const { acting } = this.#options
    if (acting === undefined) return this.#inTransaction(decide)
    return (await this.#asReport(decide, acting.lease)) ?? this.#inTransaction(decide)
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
      if (!hasRoom || !isPlain(changes, view)) return undefined
      const accounts = changes.accounts.map(({ account }) => account)
      await this.#names.findAccounts(database, accounts)
      if (accounts.some((account) => this.#names.accountId(account) === undefined)) return undefined
      if (changes.accounts.length === 0 && changes.claims.length === 0) return []
      try {
        await this.#commits.statement(lease, () =>
          writeReport(database, changes, this.#names, lease),
        )
      } catch (error) {
        if (isUniqueViolation(error)) return undefined
        throw error
      }
      this.#note(changes)
      this.#options.onCommitted()
      return []
    }
  }

  async #inTransaction(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    let ids: readonly number[] = []
    await this.#commits.transaction(async (session) => {
      this.#forgetLoaded()
      let held: CustomerLock | undefined
      for (;;) {
        const decided = attempt(decide, new LoadingView(this.#loaded, false))
        const hasRoom = !decided.ok || this.#hasRoom(decided.changes)
        if (this.#loaded.misses) {
          await this.#loader.load(session, this.#loaded)
          continue
        }
        if (!decided.ok) throw decided.error
        if (!hasRoom) throw keysFull(this.#options.keyLimitBytes)
        const lock = customerLockOf(decided.changes)
        if (lock !== undefined && held !== lock && held !== 'UPDATE') {
          // Another session may register the same customer: from here on it waits.
          await lockCustomers(session, lock)
          held = lock
          this.#forgetLoaded()
          continue
        }
        ids = await this.#writer.write(session, decided.changes, this.#loaded)
        return
      }
    })
    this.#forgetLoaded()
    this.#options.onCommitted()
    return ids
  }

  /** Whether there is room for the new keys, as far as it is loaded what there is. */
  #hasRoom({ claims }: Changes): boolean {
    if (claims.length === 0) return true
    const bytes = this.#loaded.lasting.keyBytes.ask(all, true, 0)
    return bytes + roomOfClaims(claims) <= this.#options.keyLimitBytes
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
}

/** Whether the changes are reports alone, and every key that was taken for new is written. */
function isPlain(changes: Changes, { assumedKeys }: LoadingView): boolean {
  const written = new Set(changes.claims.map(({ token }) => token))
  return isReport(changes) && [...assumedKeys].every((key) => written.has(key))
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
