import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import { backoffMs } from '../kernel/backoff.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { PendingRecord } from '../store/summary.ts'
import type { Log } from '../kernel/log.ts'
import { AttemptLog } from './attempt-log.ts'
import type { Channel, LateUsagePolicy } from './channel.ts'
import { Pauses } from './pauses.ts'
import { sendRecord, type SendOutcome } from './send-record.ts'

export interface SenderOptions {
  readonly ledger: Pick<Ledger, 'pendingRecords' | 'markSending' | 'settle'>
  readonly channel: Channel
  readonly api: MeteringApi
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** 0 to 1, as Math.random. */
  readonly random: () => number
  readonly lateUsage: LateUsagePolicy
  /** When the record of an hour may be sent first; sooner only at the end. */
  readonly notBefore: (hour: number) => number
  /** Receives every answer: a failure, or undefined when AWS accepted a record. */
  readonly onAnswer: (failure: MeteringFailure | undefined) => void
  /** Receives the hour that a record's usage went back to. */
  readonly usageArrived: (hour: number) => void
}

/** Slots that are sent at the same time. */
const parallelSlots = 4

/** An operator may free a record at any moment, in another process. */
const lookAgainMs = 60_000

/**
 * Sends what is sealed: slots in parallel, the hours of one slot in their order. It reads the book
 * in pumps, one at a time, and each record's state is checked again when its attempt is marked.
 */
export class Sender {
  readonly #options: SenderOptions
  readonly #pauses: Pauses
  readonly #log: AttemptLog
  /** The attempts under way, by slot. */
  readonly #attempts = new Map<number, Promise<void>>()
  /** Answers that the ledger could not store, by record: no further attempt begins before they are stored. */
  readonly #unstored = new Map<number, SendOutcome>()
  #pumping: Promise<void> | undefined
  #pumpAgain = false
  #failedReads = 0
  #flushing = false
  #timer: Timer | undefined
  #nextAt: number | undefined
  #stopped = false
  #waiters: (() => void)[] = []

  constructor(options: SenderOptions) {
    this.#options = options
    this.#pauses = new Pauses(options)
    this.#log = new AttemptLog(options)
  }

  /** Looks for records to send, and goes on looking as long as there are any. */
  wake(): void {
    this.#pump()
  }

  /** When the next attempt begins, ms: now while one is under way, undefined when none is to come. */
  get nextAttemptAt(): number | undefined {
    return this.#attempts.size > 0 ? this.#options.clock.now() : this.#nextAt
  }

  /** Sends everything now, whatever failed before. Resolves when nothing is left that can be sent. */
  flush(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    this.#pauses.clear()
    this.#flushing = true
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
      this.#pump()
    })
  }

  /** Starts no further attempt; those under way go on. */
  stop(): void {
    this.#stopped = true
    this.#nextAt = undefined
    this.#timer?.cancel()
    this.#release()
  }

  /** Resolves after `stop` when the attempts that were under way are settled. */
  async settled(): Promise<void> {
    await this.#pumping
    await Promise.all(this.#attempts.values())
  }

  /** Pumps once more after a pump that runs: what that one has read may be old. */
  #pump(): void {
    this.#pumpAgain = true
    this.#pumping ??= this.#pumpWhileAsked()
  }

  async #pumpWhileAsked(): Promise<void> {
    while (this.#pumpAgain) {
      this.#pumpAgain = false
      await this.#pumpOnce()
    }
    this.#pumping = undefined
  }

  async #pumpOnce(): Promise<void> {
    this.#timer?.cancel()
    if (this.#stopped) return
    // An attempt that ends during the read makes what is read of its slot old.
    const busy = new Set(this.#attempts.keys())
    const pending = await this.#read()
    if (this.#stopped || pending === undefined) return
    const now = this.#options.clock.now()
    const isPaused = (record: PendingRecord) => this.#pauses.refusedUntil(record) > now
    const heads = headsOf(
      pending.filter(({ slot }) => !busy.has(slot)),
      isPaused,
    )
    for (const record of heads) {
      if (this.#attempts.size >= parallelSlots) return
      if (this.#dueAt(record) <= now) this.#start(record)
    }
    const idle = heads.filter(({ slot }) => !this.#attempts.has(slot))
    const next = Math.min(...idle.map((record) => this.#dueAt(record)))
    this.#nextAt = Number.isFinite(next) ? next : undefined
    if (idle.length > 0) this.#wakeAt(Math.min(next, now + lookAgainMs))
    const isDone = this.#attempts.size === 0 && idle.every(isPaused)
    if (isDone && !this.#pumpAgain) this.#release()
  }

  /** The records that wait; undefined when the ledger could not be read, which is then tried again. */
  async #read(): Promise<readonly PendingRecord[] | undefined> {
    const { ledger, clock, random } = this.#options
    try {
      const pending = await ledger.pendingRecords()
      this.#failedReads = 0
      this.#log.read()
      return pending
    } catch (error) {
      if (this.#stopped) return undefined
      this.#failedReads += 1
      this.#log.notRead(error)
      this.#wakeAt(clock.now() + backoffMs(this.#failedReads, random, { capMs: lookAgainMs }))
      return undefined
    }
  }

  #dueAt(record: PendingRecord): number {
    const due = this.#flushing ? 0 : this.#options.notBefore(record.hour)
    return Math.max(this.#pauses.slotUntil(record), due, this.#pauses.refusedUntil(record))
  }

  #wakeAt(instant: number): void {
    this.#timer = this.#options.clock.at(instant, () => this.#pump())
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #start(record: PendingRecord): void {
    const { id, slot } = record
    const attempt = this.#attempt(record)
      .catch((error: unknown) => {
        this.#log.notStored(id, error)
        this.#pauses.pauseSlot(slot)
      })
      .finally(() => {
        this.#attempts.delete(slot)
        this.#pump()
      })
    this.#attempts.set(slot, attempt)
  }

  async #attempt({ id, slot }: PendingRecord): Promise<void> {
    const { ledger, onAnswer, usageArrived } = this.#options
    const outcome = this.#unstored.get(id) ?? (await this.#send(id))
    if (outcome === undefined) return this.#pauses.pauseSlot(slot)
    this.#unstored.set(id, outcome)
    const { settlement, failure } = outcome
    const after = await ledger.settle(id, settlement)
    this.#unstored.delete(id)
    this.#log.answered(after, failure)
    onAnswer(failure)

    if (after.state === 'sealed' || after.state === 'sending') this.#pauses.pauseSlot(slot)
    else this.#pauses.freeSlot(slot)
    if (after.state === 'refused') this.#pauses.pauseRecord(id, settlement.kind === 'too-late')
    else this.#pauses.freeRecord(id)
    if (after.state === 'moved' && after.movedTo !== undefined) usageArrived(after.movedTo)
  }

  /** Undefined when the record was settled after it was read, and is not sent. */
  async #send(id: number): Promise<SendOutcome | undefined> {
    const record = await this.#options.ledger.markSending(id)
    return record === undefined ? undefined : sendRecord(record, this.#options)
  }
}

/** The next record of each slot: the oldest, or the oldest that is not paused. */
function headsOf(
  pending: readonly PendingRecord[],
  isPaused: (record: PendingRecord) => boolean,
): PendingRecord[] {
  const heads = new Map<number, PendingRecord>()
  for (const record of pending) {
    const head = heads.get(record.slot)
    if (head === undefined || (isPaused(head) && !isPaused(record))) heads.set(record.slot, record)
  }
  return [...heads.values()]
}
