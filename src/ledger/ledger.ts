import type { Clock } from '../kernel/clock.ts'
import { messageOf, SidecarError } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { AccountKey } from '../metering/account.ts'
import type { CounterPage, StreamBatch } from '../metering/counter.ts'
import type { MeteringRecord, Settlement } from '../metering/record/record.ts'
import { windowOf, type RecordWindow } from '../metering/record/record-window.ts'
import type { ReportReceipt, UsageRequest } from '../metering/report.ts'
import type { Store } from '../store/store.ts'
import {
  type DiskSpace,
  type LedgerGauges,
  type PendingPage,
  type PendingRecord,
  type UsageSummary,
} from '../store/summary.ts'
import { AccountSlots } from './page/account-slots.ts'
import { auditBook, type AccountBalance } from './audit/audit.ts'
import { auditStore } from './audit/audit-store.ts'
import { forgetOld } from './forget-old.ts'
import { countPage, type CountedSeries } from './readings/count-page.ts'
import { countStreams, type Count, type CountedStream } from './readings/count-streams.ts'
import { HeadRoom } from './page/head-room.ts'
import { reportSettled } from './settling/report-settled.ts'
import { runDecision, type Decision } from './decisions/run-decision.ts'
import { undecidedUsage, type UndecidedUsage } from './decisions/undecided-usage.ts'
import type { Owner } from './opening/ledger-owner.ts'
import { logOpening, logReopened, logTakeover } from './opening/log-opening.ts'
import { openBook, type MeaningOf, type Opening, type OpeningRules } from './opening/open-book.ts'
import { reopenAllReplaced, reopenReplaced } from './decisions/reopen-record.ts'
import { takeOver } from './opening/take-over.ts'
import { openCustomers, type CustomerBook, type CustomerRules } from './customers/customer-book.ts'
import { PageCommits } from './page-commits.ts'
import { Page } from './page/page.ts'
import { readingRulesOf } from './readings/reading-rules.ts'
import type { ReadingRules } from './readings/report-reading.ts'
import { reportUsage, type ReportRules } from './reporting/report-usage.ts'
import { resealRecord } from './sealing/reseal-record.ts'
import type { SealRequest } from './sealing/seal-hours.ts'
import { sealPart } from './sealing/seal-part.ts'
import { recordsInState } from './records-in-state.ts'
import { settledMs } from './retention-at.ts'
import { sealedRecord } from './sealing/sealed-record.ts'
import { markAll, settleRecord } from './settling/settle-record.ts'
import { TagSetLimit } from './page/tag-set-limit.ts'
import { UsageAccounts } from './reporting/usage-accounts.ts'
import { usageByDimension } from './reporting/usage-by-dimension.ts'

export interface LedgerOptions {
  /** Where the book is kept. The ledger closes it. */
  readonly store: Store
  /** Names the task or pod: the owner of the book. */
  readonly resource: string
  readonly meaningOf: MeaningOf
  /** The most that an hour of a dimension may hold today, in micro-units; undefined for no limit. */
  readonly maxPerHour: (dimension: string) => bigint | undefined
  /** Whether usage that another task or pod left is billed with a later hour, or held. */
  readonly lateUsage: OpeningRules['lateUsage']
  readonly replacements?: OpeningRules['replacements']
  /** What the product file says of its customers; undefined where the buyer runs the task or pod. */
  readonly customers?: CustomerRules | undefined
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** Distinct tag sets that an hour of an account may hold; further ones go to the untagged bucket. */
  readonly maxTagSets: number
  /** Where the product has dimensions that are no sums. */
  readonly readings?: Pick<ReadingRules, 'maxReadings' | 'newSecret'> | undefined
  /** Called once, when the ledger can no longer promise anything and the process must end. */
  readonly onFatal: (error: SidecarError) => void
}

/**
 * The account book. Every change resolves only when it is on disk; a change that rejects has not
 * happened. docs/operate/ledger.md has the places that a unit can be in.
 */
export class Ledger {
  readonly #store: Store
  readonly #options: LedgerOptions
  readonly #commits: PageCommits
  readonly #readings: ReadingRules
  readonly #accounts: UsageAccounts
  /** How long AWS accepts what is reported. */
  readonly #window: RecordWindow
  /** Undefined where the product has no customers. */
  readonly customers: CustomerBook | undefined
  readonly owner: Owner

  private constructor(options: LedgerOptions, owner: Owner) {
    this.#options = options
    this.#store = options.store
    this.owner = owner
    this.#accounts = new UsageAccounts(options.meaningOf, options.customers !== undefined)
    this.#commits = new PageCommits(options)
    this.#readings = readingRulesOf(options)
    this.#window = windowOf(options.customers !== undefined)
    this.customers = openCustomers(
      { ...options, reportRules: (page) => this.#reportRules(page) },
      (operation, step) => this.#commits.run(step, operation),
    )
  }

  /** Takes ownership of the book, recovers what was under way, and audits it. Closes the store when it throws. */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { store, resource, clock, log } = options
    try {
      // Whatever limit of tag sets there was, those of an adopted book were accepted under it.
      const tagSets = new TagSetLimit(Number.MAX_SAFE_INTEGER)
      let opening: Opening = { abandoned: [], holds: false, retired: [], reopened: [] }
      await store.transact((view) => {
        const page = new Page(view, {
          slots: new AccountSlots(resource),
          tagSets,
          headRoom: new HeadRoom(),
        })
        opening = openBook(page, clock.now(), options)
        return page.changes()
      })
      await store.flush().catch((cause: unknown) => {
        throw new SidecarError(
          'LedgerFailed',
          `The ledger could not be flushed to disk (${messageOf(cause)}). Check the volume under the data directory.`,
          { cause },
        )
      })
      const owner = await store.owner()
      logOpening(resource, opening, log)
      const firstSeenAt = owner?.firstSeenAt ?? clock.now()
      const [adoptedFrom] = opening.abandoned
      const ledger = new Ledger(options, { identity: resource, firstSeenAt, adoptedFrom })
      await ledger.#reopenReplaced()
      await auditStore(options)
      return ledger
    } catch (error) {
      await store.close()
      throw error
    }
  }

  /** Records a request whole or not at all; one receipt for each report. */
  async report(request: UsageRequest): Promise<ReportReceipt[]> {
    const { events, clock } = this.#options
    const receipts = await this.#commits.run('report-written', (page) =>
      reportUsage(page, request, this.#reportRules(page), clock.now()),
    )
    const isSum = (dimension: string) => this.#accounts.ofBuyer(dimension).key.aggregate === 'sum'
    for (const usage of usageByDimension(request, receipts, isSum))
      events.emit('usageReported', usage)
    return receipts
  }

  /** Adds what the counters of a page rose by. Pages of one source are counted one after the other. */
  countPage(read: CounterPage): Promise<CountedSeries[]> {
    return this.#count(countPage, read)
  }

  /** The same for counters that processes send by themselves. */
  countStreams(batch: StreamBatch): Promise<CountedStream[]> {
    return this.#count(countStreams, batch)
  }

  /**
   * Turns hours that are over into records, and audits the book. Yields them as they are written: there may be
   * tens of thousands. What no one asks for is not sealed.
   */
  async *seal(request: SealRequest): AsyncGenerator<MeteringRecord> {
    for (let part = request; ; part = { ...request, foldAfter: undefined }) {
      const { read, held, inserted, isLast } = await this.#commits.run('seal-written', (page) =>
        sealPart(page, part, this.#limitOf, (name) => this.#accounts.ofBuyer(name)),
      )
      for (const amount of read) this.#options.events.emit('readingsCounted', amount)
      for (const { opens: _, ...hour } of held)
        this.#options.events.emit('usageHeld', { ...hour, reason: 'guard' })
      for (const each of inserted) {
        const record = sealedRecord(each)
        const { id, dimension, hour, quantity } = record
        this.#options.events.emit('recordSealed', { id, dimension, hour, quantity })
        yield record
      }
      if (isLast) break
    }
    await auditStore(this.#options)
  }

  /**
   * Commits, in one transaction, that one attempt is about to be made for these records. Leaves out those
   * that no longer wait to be sent, and those of another product than the first.
   */
  markAll(ids: readonly number[]): Promise<MeteringRecord[]> {
    return this.#commits.run('mark-written', (page) =>
      markAll(page, ids, this.#options.clock.now()),
    )
  }

  /** Commits the outcomes of an attempt, and returns the records as they stand after it. */
  async settleAll(
    outcomes: readonly (readonly [id: number, Settlement])[],
  ): Promise<MeteringRecord[]> {
    const { clock, events } = this.#options
    const settled = await this.#commits.run('settle-written', (page) =>
      outcomes.map(([id, outcome]) => ({
        record: settleRecord(page, id, outcome, clock.now()),
        kind: outcome.kind,
      })),
    )
    for (const { record, kind } of settled) reportSettled(events, record, kind)
    return settled.map(({ record }) => record)
  }

  /**
   * Seals a record again without tags that AWS refused, or with a time that has come, and reopens one that AWS
   * refused under a name that the product file replaces. Undefined for any other record, which stays as it is.
   */
  async resealRecord(
    id: number,
    clientTokenOf: Parameters<typeof resealRecord>[3],
  ): Promise<MeteringRecord | undefined> {
    const { clock, replacements, log } = this.#options
    const now = clock.now()
    const { resealed, reopened } = await this.#commits.run('settle-written', (page) => {
      const again = resealRecord(page, id, now, clientTokenOf)
      const record = page.record(id)
      if (again !== undefined || record === undefined || replacements === undefined)
        return { resealed: again, reopened: [] }
      const replaced = reopenReplaced(page, now, replacements, [record])
      return { resealed: replaced.length > 0 ? page.record(id) : undefined, reopened: replaced }
    })
    logReopened(reopened, log)
    return resealed
  }

  /**
   * Takes over what tasks and pods left that shared the book and are gone. Resolves with the hours that
   * received usage of theirs.
   */
  async takeOver(): Promise<readonly number[]> {
    const { clock, lateUsage, resource, log } = this.#options
    const abandoned = new Set<string>()
    const hours = new Set<number>()
    // Those who left many records have some left after each transaction.
    for (let records = 1; records > 0 && (await this.#store.hasAbandoned());) {
      const taken = await this.#commits.run('seal-written', (page) =>
        takeOver(page, clock.now(), this.#options),
      )
      ;({ records } = taken)
      logReopened(taken.reopened, log)
      for (const each of taken.abandoned) abandoned.add(each)
      for (const hour of taken.hours) hours.add(hour)
    }
    logTakeover(resource, { abandoned: [...abandoned], holds: lateUsage === 'hold' }, log)
    return [...hours]
  }

  /**
   * Forgets idempotency keys after 25 hours, and settled records after 45 days, those of customers after 7. No key
   * while their age is uncertain: a step of the clock may have made them look older, and does so for `doubtfulForMs`.
   */
  prune(doubtfulForMs = 0): Promise<void> {
    const time = { now: this.#options.clock.now(), doubtfulForMs }
    return forgetOld(
      (rule) => this.#commits.run(undefined, rule),
      time,
      this.customers !== undefined,
    )
  }

  /** Every record that AWS accepted and that is still kept, oldest hour first. */
  accepted(): AsyncGenerator<MeteringRecord> {
    const now = this.#options.clock.now()
    return recordsInState(this.#store, 'accepted', { since: now - settledMs, until: now })
  }

  /** Keeps a short text for the next start, under a name; an earlier one of that name is replaced. */
  remember(name: string, value: string): Promise<void> {
    return this.#commits.run(undefined, (page) => page.note(name, value))
  }

  /** What was last remembered under this name. */
  recall(name: string): Promise<string | undefined> {
    return this.#store.note(this.owner.identity, name)
  }

  /** Carries an operator's decision out in the transaction that also keeps it. Rejects with what it throws. */
  decide<T>(decision: Decision<T>): Promise<T> {
    const now = this.#options.clock.now()
    return runDecision((operation) => this.#commits.run(undefined, operation), decision, now)
  }

  /** What waits for a decision: usage, held and open, and records, however old. */
  undecided(): Promise<UndecidedUsage> {
    return undecidedUsage(() => this.usage(), this.#store)
  }

  /** Records that wait for AWS, oldest hour first. */
  pendingRecords(page?: PendingPage): Promise<readonly PendingRecord[]> {
    return this.#store.pendingRecords(page)
  }

  /**
   * Whether usage of an hour that starts before `before` can be sealed; where the licence of its customer
   * has ended, before `endedBefore`; of what all tasks or pods share, before `sharedBefore` while another lives.
   */
  hasOpenBefore(before: number, endedBefore = before, sharedBefore = before): Promise<boolean> {
    return this.#store.hasSealable({ before, endedBefore, sharedBefore })
  }

  /** What is on disk: nothing that a power cut could still take back. */
  usage(): Promise<UsageSummary> {
    return this.#commits.read(() => this.#store.usage(this.#options.clock.now()))
  }

  /** What is on disk, as `usage` says. */
  gauges(): Promise<LedgerGauges> {
    return this.#commits.read(() => this.#store.gauges())
  }

  /** Size of the book, and what is left of its volume. */
  space(): Promise<DiskSpace> {
    return this.#store.space()
  }

  /** The conservation audit. An imbalance is a defect, and is logged as an error. Returns what every account holds. */
  async audit(): Promise<AccountBalance[]> {
    await auditStore(this.#options)
    return auditBook(await this.#store.accountSums())
  }

  /** Waits for what is under way, and closes the book so that nothing needs recovery. */
  async close(): Promise<void> {
    await this.#commits.close()
    await this.#store.close()
  }

  /** Only for usage that means what it means today: another divisor counts in other units. */
  readonly #limitOf = ({ dimension, divisor }: AccountKey): bigint | undefined =>
    this.#options.meaningOf(dimension)?.divisor === divisor
      ? this.#options.maxPerHour(dimension)
      : undefined

  async #reopenReplaced(): Promise<void> {
    const { replacements, clock, log } = this.#options
    if (replacements === undefined) return
    const run = <T>(rule: (page: Page) => T) => this.#commits.run(undefined, rule)
    for await (const reopened of reopenAllReplaced(run, this.#store, clock.now(), replacements))
      logReopened(reopened, log)
  }

  #reportRules(page: Page): ReportRules {
    const placeOf = this.#accounts.placesOn(page)
    return { placeOf, window: this.#window, readings: this.#readings }
  }

  async #count<T, C extends CountedSeries>(count: Count<T, C>, read: T): Promise<C[]> {
    const now = this.#options.clock.now()
    const rules = { ...this.owner, readings: this.#readings, window: this.#window, now }
    const counted = await this.#commits.run('report-written', (page) =>
      count(page, read, (name) => this.#accounts.ofBuyer(name), rules),
    )
    this.#options.events.emit('countersRead', { counted })
    return counted
  }
}
