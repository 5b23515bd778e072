import type { Clock, Timer } from '../../../src/kernel/clock.ts'
import type { SidecarError } from '../../../src/kernel/errors.ts'
import type { Changes } from '../../../src/store/changes.ts'
import {
  isUniqueViolation,
  translate,
} from '../../../src/store/postgres/connection/database-errors.ts'
import { GroupCommits } from '../../../src/store/postgres/group-commits.ts'
import { LeaseMissing, type Lease } from '../../../src/store/postgres/lease.ts'
import { isReport } from '../../../src/store/postgres/write/write-report.ts'
import type { Store } from '../../../src/store/store.ts'
import type {
  BookOwner,
  DiskSpace,
  PendingRecord,
  UsageSummary,
} from '../../../src/store/summary.ts'
import type { BookView, SealableHours } from '../../../src/store/view.ts'
import type { ModelBook } from '../../support/store/model-book.ts'
import { ModelReader } from '../../support/store/model-reader.ts'
import type { ModelConnection } from './model-connection.ts'
import type { ModelDatabase } from './model-database.ts'
import { ReportView, SharedView } from './shared-view.ts'

interface SharedModelStoreOptions {
  readonly database: ModelDatabase
  readonly connection: ModelConnection
  readonly clock: Clock
  /** Undefined for an operator's command. */
  readonly acting:
    { readonly resource: string; readonly lease: Lease; readonly renewMs: number } | undefined
  readonly onLost?: (error: SidecarError) => void
  readonly onCommitted?: () => void
}

/** How long a group of reports may go by what an earlier one has loaded, ms. */
const lastingMs = 1000

/** The PostgreSQL store over a model book: its groups, leases and lost commits are the real ones, its rows are not. */
export class SharedModelStore extends ModelReader implements Store {
  readonly gatherMs = 0
  readonly #options: SharedModelStoreOptions
  readonly #commits: GroupCommits
  readonly #whole: ModelReader
  #closed: ReadonlySet<string> = new Set()
  #closedAt = -Infinity
  #renewal: Timer | undefined

  constructor(options: SharedModelStoreOptions) {
    const { database, connection, clock, acting, onLost = () => {} } = options
    super(() => scopedBook(database.book, acting?.resource))
    this.#options = options
    this.#whole = new ModelReader(() => database.book)
    this.#commits = new GroupCommits({
      database: connection,
      name: 'the model',
      lease: acting?.lease,
      clock,
      onLost,
    })
    this.#renewLater()
  }

  transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    return this.#commits.run(
      async () => (await this.#asReport(decide)) ?? this.#inTransaction(decide),
      () => {
        this.#closedAt = -Infinity
      },
    )
  }

  async flush(): Promise<void> {
    this.#commits.check()
  }

  maintain(): Promise<void> {
    return this.flush()
  }

  async space(): Promise<DiskSpace> {
    return { ledgerBytes: 4096, freeBytes: undefined, volumeBytes: undefined }
  }

  async close(): Promise<void> {
    this.#renewal?.cancel()
    const { acting, connection } = this.#options
    await acting?.lease.release(connection).catch(() => {})
  }

  override pendingRecords(): Promise<PendingRecord[]> {
    return this.#ask(() => super.pendingRecords())
  }

  override usage(now: number): Promise<UsageSummary> {
    return this.#ask(() => super.usage(now))
  }

  override hasAbandoned(): Promise<boolean> {
    return this.#ask(async () => this.#view().abandoned().length > 0)
  }

  override hasSealable(due: SealableHours): Promise<boolean> {
    return this.#ask(async () => {
      const view = this.#view()
      return (
        view.sealableHours(due).length > 0 ||
        view.readings.openHours().some(({ hour }) => hour < due.before)
      )
    })
  }

  override accountSums(): ReturnType<ModelReader['accountSums']> {
    return this.#ask(() => this.#whole.accountSums())
  }

  override record(id: number): ReturnType<ModelReader['record']> {
    return this.#ask(() => this.#whole.record(id))
  }

  override async owner(): Promise<BookOwner | undefined> {
    const { acting, database } = this.#options
    if (acting === undefined) return super.owner()
    const firstSeenAt = database.book.resources.get(acting.resource)
    return firstSeenAt === undefined ? undefined : { identity: acting.resource, firstSeenAt }
  }

  async #asReport(decide: (view: BookView) => Changes): Promise<readonly number[] | undefined> {
    const { acting, connection, database, clock, onCommitted } = this.#options
    if (acting === undefined) return undefined
    const { lease } = acting
    if (clock.elapsed() - this.#closedAt > lastingMs) {
      await connection.reach()
      this.#closed = new Set(database.book.closed.keys())
      this.#closedAt = clock.elapsed()
    }
    const view = new ReportView(database, acting.resource, this.#closed)
    let changes: Changes
    try {
      changes = decide(view)
    } catch (error) {
      if (view.assumedKeys.size > 0 || view.needsTransaction) return undefined
      throw error
    }
    if (view.needsTransaction) return undefined
    const written = new Set(changes.claims.map(({ token }) => token))
    if (!isReport(changes) || ![...view.assumedKeys].every((key) => written.has(key)))
      return undefined
    // New accounts need a transaction.
    if (changes.accounts.some(({ account }) => !database.book.accounts.has(account.name)))
      return undefined
    if (changes.accounts.length === 0 && changes.claims.length === 0) return []
    const counted = [lease.countSql(), lease.countValues] as const
    try {
      await this.#commits.statement(lease, () =>
        connection.statement(() => {
          if (database.query(...counted).length === 0) throw new LeaseMissing()
          database.write(changes)
        }),
      )
    } catch (error) {
      if (isUniqueViolation(error)) return undefined
      throw error
    }
    onCommitted?.()
    return []
  }

  async #inTransaction(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    const { connection, database, onCommitted } = this.#options
    let ids: readonly number[] = []
    await this.#commits.transaction(async () => {
      const view = this.#view()
      const changes = decide(view)
      connection.stage(() => {
        ids = database.write(changes)
        database.endLeases(view.taken)
      })
    })
    this.#closedAt = -Infinity
    onCommitted?.()
    return ids
  }

  #view(): SharedView {
    return new SharedView(this.#options.database, this.#options.acting?.resource)
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { connection } = this.#options
    try {
      await connection.reach()
      const answer = await question()
      await connection.reach()
      return answer
    } catch (error) {
      throw translate(error, 'the model')
    }
  }

  #renewLater(): void {
    const { acting, connection, clock } = this.#options
    if (acting === undefined) return
    this.#renewal = clock.after(acting.renewMs, () => {
      acting.lease
        .renew(connection)
        .catch(() => {})
        .finally(() => this.#renewLater())
    })
  }
}

/** The rows that a task or pod answers questions from. */
function scopedBook(book: ModelBook, resource: string | undefined): ModelBook {
  if (resource === undefined) return book
  const scoped = book.copy()
  for (const rows of [scoped.records, scoped.held, scoped.open] as const)
    for (const [key, row] of rows) if (resourceOf(row) !== resource) rows.delete(key as never)
  return scoped
}

function resourceOf(row: unknown): string | undefined {
  const [first] = row instanceof Map ? [...row.values()] : [row]
  const { resource, hour } = first as { resource?: string; hour?: unknown }
  return resource ?? (hour as { resource?: string } | undefined)?.resource
}
