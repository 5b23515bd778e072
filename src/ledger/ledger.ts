import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../kernel/clock.ts'
import type { SidecarError } from '../kernel/errors.ts'
import type { Events, Step } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import { takeOwnership, type Owner } from '../store/sqlite/adoption.ts'
import { auditBook } from '../store/sqlite/audit.ts'
import { openDisk, type DataSync, type Disk } from '../store/sqlite/disk.ts'
import { lockFile, type FileLock } from '../store/sqlite/file-lock.ts'
import { GroupCommit } from './group-commit.ts'
import { Ingest } from '../store/sqlite/ingest.ts'
import { Keys } from '../store/sqlite/accounts.ts'
import { LateUsage } from '../store/sqlite/late-usage.ts'
import { Notes } from '../store/sqlite/notes.ts'
import { openDatabase, prepareDirectory } from '../store/sqlite/open-database.ts'
import { OpenUsage } from '../store/sqlite/open-usage.ts'
import { Pruning } from '../store/sqlite/pruning.ts'
import { Sealing, type SealRequest } from '../store/sqlite/sealing.ts'
import { Settling } from '../store/sqlite/settling.ts'
import {
  Summaries,
  summaryWindowMs,
  type PendingRecord,
  type UsageSummary,
} from '../store/sqlite/summary.ts'
import { translate } from '../store/sqlite/storage-errors.ts'
import { tellAdopted, tellOpened } from './log-opening.ts'
import { tellings } from './usage-by-dimension.ts'
import type { Settlement, MeteringRecord } from '../metering/record.ts'
import type { ReportReceipt, UsageRequest } from '../metering/report.ts'
import type { DiskSpace, AccountBalance, LedgerGauges } from '../store/store.ts'

export interface LedgerOptions {
  readonly directory: string
  /** Names the task or pod: the owner of the book. */
  readonly resource: string
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** Distinct tag sets that an hour of a key may hold; further ones go to the untagged bucket. */
  readonly maxTagSets: number
  /** Called once, when the ledger can no longer promise anything and the process must end. */
  readonly onFatal: (error: SidecarError) => void
  /** For tests of failing disks. */
  readonly dataSync?: DataSync | undefined
}

/**
 * The account book. Every change resolves only when it is on disk; a change that rejects has not
 * happened. See types.ts for the places that a unit can be in.
 */
export class Ledger {
  readonly #database: DatabaseSync
  readonly #lock: FileLock
  readonly #disk: Disk
  readonly #options: LedgerOptions
  readonly #keys: Keys
  readonly #open: OpenUsage
  readonly #ingest: Ingest
  readonly #late: LateUsage
  readonly #sealing: Sealing
  readonly #settling: Settling
  readonly #pruning: Pruning
  readonly #summaries: Summaries
  readonly #notes: Notes
  readonly #commits: GroupCommit
  readonly owner: Owner

  private constructor(
    options: LedgerOptions,
    database: DatabaseSync,
    lock: FileLock,
    disk: Disk,
    owner: Owner,
  ) {
    this.#options = options
    this.#database = database
    this.#lock = lock
    this.#disk = disk
    this.owner = owner
    this.#keys = new Keys(database)
    this.#open = new OpenUsage(database, owner.id, options.maxTagSets)
    this.#ingest = new Ingest(database, this.#keys, this.#open)
    this.#late = new LateUsage(database)
    this.#sealing = new Sealing(database, owner, this.#keys, this.#open)
    this.#settling = new Settling(database, this.#open)
    this.#pruning = new Pruning(database)
    this.#summaries = new Summaries(database)
    this.#notes = new Notes(database)
    this.#commits = this.#createCommits()
  }

  /**
   * Opens the book, a new one when there is none. Throws DataDirectoryUnusable, LedgerInUse, or what
   * SQLite says of the disk.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { directory, resource, clock, events, log } = options
    prepareDirectory(directory)
    const lock = lockFile(join(directory, 'ledger.lock'))
    let database: DatabaseSync | undefined
    try {
      const opened = openDatabase(directory, clock.now())
      database = opened.database
      tellOpened(opened, log, events)
      const owner = takeOwnership(opened.database, resource, clock.now())
      tellAdopted(owner, log)
      const disk = await openDisk(opened, options.dataSync)
      const ledger = new Ledger(options, opened.database, lock, disk, owner)
      ledger.#settling.recover()
      await ledger.audit()
      return ledger
    } catch (error) {
      database?.close()
      lock.release()
      throw error
    }
  }

  /** Records a request whole or not at all; one receipt for each report. */
  async report(request: UsageRequest): Promise<ReportReceipt[]> {
    const { receipts, overflowed } = await this.#run('report-written', () => {
      const applied = this.#ingest.apply(request, '', this.#options.clock.now())
      this.#late.note(request, applied)
      return { receipts: applied, overflowed: this.#open.takeOverflowed() }
    })
    const { events } = this.#options
    for (const told of tellings(request, receipts)) events.emit('usageReported', told)
    for (const [keyId, reports] of overflowed)
      events.emit('tagSetsOverflowed', { dimension: this.#keys.dimensionOf(keyId), reports })
    return receipts
  }

  /** Turns hours that are over into records, and audits the book. */
  async seal(request: SealRequest): Promise<MeteringRecord[]> {
    const records = await this.#run('seal-written', () => {
      this.#ingest.flush()
      return this.#sealing.seal(request)
    })
    for (const { id, dimension, hour, quantity } of records)
      this.#options.events.emit('recordSealed', { id, dimension, hour, quantity })
    await this.audit()
    return records
  }

  /** Commits that an attempt is about to be made. Undefined when the record is settled already. */
  markSending(id: number): Promise<MeteringRecord | undefined> {
    return this.#run('mark-written', () =>
      this.#settling.markSending(id, this.#options.clock.now()),
    )
  }

  /** Commits what an attempt came to, and returns the record as it stands after it. */
  async settle(id: number, settlement: Settlement): Promise<MeteringRecord> {
    const record = await this.#run('settle-written', () =>
      this.#settling.settle(id, settlement, this.#options.clock.now()),
    )
    if (record.state === 'moved' && record.movedTo !== undefined)
      this.#options.events.emit('recordMoved', {
        id,
        dimension: record.dimension,
        fromHour: record.hour,
        toHour: record.movedTo,
        code: record.lastCode ?? settlement.kind,
      })
    return record
  }

  /** Forgets idempotency keys after 25 hours and settled records after 45 days. */
  async prune(): Promise<void> {
    const now = this.#options.clock.now()
    const pruneSome = () => {
      this.#late.prune(now - summaryWindowMs)
      return this.#pruning.prune(now)
    }
    while (await this.#run(undefined, pruneSome));
  }

  /** Keeps a short text for the next start, under a name; an earlier one of that name is replaced. */
  remember(name: string, value: string): Promise<void> {
    return this.#run(undefined, () => this.#notes.remember(name, value))
  }

  /** What was last remembered under this name. */
  async recall(name: string): Promise<string | undefined> {
    return this.#notes.recall(name)
  }

  /** Records that wait for AWS, oldest hour first. */
  async pendingRecords(): Promise<PendingRecord[]> {
    return this.#summaries.pendingRecords()
  }

  /** Whether usage of an hour that starts before `before` is open. */
  async hasOpenBefore(before: number): Promise<boolean> {
    return this.#sealing.isDue(before)
  }

  async usage(): Promise<UsageSummary> {
    return this.#summaries.usage(this.#options.clock.now())
  }

  async gauges(): Promise<LedgerGauges> {
    return this.#summaries.gauges()
  }

  /** Size of the files, and what is left of their volume. */
  space(): Promise<DiskSpace> {
    return this.#disk.space()
  }

  /** The conservation audit. An imbalance is a defect, and is said loudly. */
  async audit(): Promise<AccountBalance[]> {
    const balances = auditBook(this.#database)
    const wrong = balances.filter(({ imbalance }) => imbalance !== 0n)
    for (const { dimension, imbalance } of wrong)
      this.#options.log(
        'ledger.imbalance',
        `The books of ${dimension} do not balance: ${imbalance} micro-units were reported and are in no place. This is a defect; keep the data directory and report it.`,
        { dimension, microUnits: String(imbalance) },
      )
    this.#options.events.emit('ledgerAudited', {
      balanced: wrong.length === 0,
      keys: balances.map(({ dimension, imbalance }) => ({ dimension, imbalance })),
    })
    return balances
  }

  /** Waits for what is under way, and closes the file so that nothing needs recovery. */
  async close(): Promise<void> {
    await this.#commits.close()
    // The last connection copies the WAL into the main file and deletes it: with flushes.
    this.#database.exec('PRAGMA synchronous = FULL')
    this.#database.close()
    // After it: the system drops a process's locks on a file when any descriptor of it closes.
    await this.#disk.close()
    this.#lock.release()
  }

  async #run<T>(step: Step | undefined, operation: () => T): Promise<T> {
    try {
      return await this.#commits.run(() => {
        const result = operation()
        if (step !== undefined) this.#options.events.emit('stepReached', { step })
        return result
      })
    } catch (error) {
      throw translate(error)
    }
  }

  #createCommits(): GroupCommit {
    const { events, onFatal } = this.#options
    let rolledBack = false
    return new GroupCommit({
      transaction: {
        begin: () => this.#database.exec('BEGIN IMMEDIATE'),
        commit: () => {
          this.#ingest.flush()
          this.#open.flush()
          this.#database.exec('COMMIT')
        },
        rollback: () => {
          this.#ingest.clear()
          this.#open.clear()
          this.#keys.clear()
          rolledBack = true
          if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        },
      },
      flush: () => this.#disk.flush(),
      between: () => {
        const makeRoom = rolledBack
        rolledBack = false
        return this.#disk.checkpointIfDue(makeRoom)
      },
      onCommitted: () => events.emit('stepReached', { step: 'group-committed' }),
      onDurable: (operations, seconds) => {
        events.emit('stepReached', { step: 'group-flushed' })
        events.emit('ledgerCommitted', { operations, seconds })
      },
      onFatal: (error) => {
        events.emit('ledgerFailed', { message: error.message })
        onFatal(error)
      },
    })
  }
}
