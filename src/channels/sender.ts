import { backoffMs } from '../kernel/backoff.ts'
import type { Timer } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { aheadLimitMs } from '../ledger/reporting/check-reports.ts'
import type { PendingRecord } from '../store/summary.ts'
import { AttemptLog } from './attempt-log.ts'
import { Attempts, type AttemptOptions } from './attempts.ts'
import { callsOf } from './calls-of.ts'
import { findReady, type FoundRecords } from './find-ready.ts'
import { Pauses } from './pauses.ts'
import { pendingAtOnce } from './pending-from.ts'

export interface SenderOptions extends AttemptOptions {
  readonly ledger: AttemptOptions['ledger'] & Pick<Ledger, 'pendingRecords'>
  readonly log: Log
  /** 0 to 1, as Math.random. */
  readonly random: () => number
  /** SIDECAR_SUBMIT_SPREAD_SECONDS: what first attempts are spread over, and throttled ones over more. */
  readonly submitSpreadMs: number
  /** When the record of an hour may be sent first; sooner only at the end. */
  readonly notBefore: (hour: number) => number
}

/** An operator may free a record at any moment, in another process. */
const lookAgainMs = 60_000

/** At the end a book that cannot be read is read again this soon at the latest. */
const lookAgainAtTheEndMs = 1000

/** How long a search rests that went through many records and found few to send; the second one at the end. */
const restMs = 1000
const restAtTheEndMs = 250

/**
 * Sends what is sealed: slots in parallel, the hours of one slot in their order. It reads the book
 * in pumps, one at a time, and each record's state is checked again when its attempt is marked.
 */
export class Sender {
  readonly #options: SenderOptions
  readonly #pauses: Pauses
  readonly #log: AttemptLog
  readonly #attempts: Attempts
  /** The attempts under way, by slot; those of one call are one. */
  readonly #underWay = new Map<number, Promise<void>>()
  /** What the last search found and no attempt has begun for. */
  #ready: readonly PendingRecord[] = []
  /** When the book is searched next after a search that was long, on `elapsed`. */
  #searchAt = 0
  readonly #stopping = new AbortController()
  #pumping: Promise<void> | undefined
  #pumpAgain = false
  #failedReads = 0
  #flushing = false
  #timer: Timer | undefined
  /** When the next attempt begins, on `elapsed`. */
  #nextAt: number | undefined
  #waiters: (() => void)[] = []

  constructor(options: SenderOptions) {
    this.#options = options
    const { channel, submitSpreadMs } = options
    // One sender alone has the quota of customers' records, and the last ones of a licence have an hour.
    const pauses = channel.sharesHours
      ? { spreadMs: 0, longestMs: 60_000 }
      : { spreadMs: submitSpreadMs }
    this.#pauses = new Pauses({ ...options, ...pauses })
    this.#log = new AttemptLog(options)
    this.#attempts = new Attempts({
      ...options,
      pauses: this.#pauses,
      log: this.#log,
      isEnding: () => this.#flushing,
      outdated: () => {
        this.#ready = []
      },
    })
  }

  /** Aborted when no further attempt is made. */
  get stopped(): AbortSignal {
    return this.#stopping.signal
  }

  /** Looks for records to send, and goes on looking as long as there are any. */
  wake(): void {
    this.#lookAgain()
  }

  /** When the next attempt begins, ms: now while one is under way, undefined when none is to come. */
  get nextAttemptAt(): number | undefined {
    const { clock } = this.#options
    if (this.#underWay.size > 0) return clock.now()
    return this.#nextAt === undefined
      ? undefined
      : Math.round(clock.now() + this.#nextAt - clock.elapsed())
  }

  /**
   * Sends everything now, whatever failed before. Resolves when nothing is left that can be sent; a
   * second call tries nothing again that failed since the first.
   */
  flush(): Promise<void> {
    if (this.stopped.aborted) return Promise.resolve()
    if (!this.#flushing) this.#pauses.hurry()
    this.#flushing = true
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
      this.#lookAgain()
    })
  }

  /** Starts no further attempt; those under way go on. */
  stop(): void {
    this.#stopping.abort()
    this.#nextAt = undefined
    this.#timer?.cancel()
    this.#release()
  }

  /** Resolves after `stop` when the attempts that were under way are settled. */
  async settled(): Promise<void> {
    await this.#pumping
    await Promise.all(this.#underWay.values())
  }

  /** Pumps after something may have changed outside of the attempts. */
  #lookAgain(): void {
    this.#ready = []
    this.#searchAt = 0
    this.#pump()
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
    const { clock } = this.#options
    const taskWait = this.#pauses.taskWait()
    if (taskWait > 0) return this.#waitFor(taskWait)
    for (;;) {
      if (this.stopped.aborted) return
      this.#startReady()
      if (this.#areAllBusy()) return
      const rest = this.#searchAt - clock.elapsed()
      if (rest > 0) return this.#waitFor(rest)
      const found = await this.#search()
      if (this.stopped.aborted || found === undefined) return
      const { ready, wait, isWhole, isLeft, looked } = found
      this.#ready = ready
      this.#startReady()
      if (!isWhole) continue
      const least = looked > 4 * pendingAtOnce ? this.#rest() : 0
      this.#waitFor(Math.max(least, wait))
      if (this.#underWay.size === 0 && !isLeft && !this.#pumpAgain) this.#release()
      return
    }
  }

  /** Has the next search wait. Returns how long, ms. */
  #rest(): number {
    const ms = this.#flushing ? restAtTheEndMs : restMs
    this.#searchAt = this.#options.clock.elapsed() + ms
    return ms
  }

  /** Sets when the book is looked through next; an operator may free a record sooner. */
  #waitFor(ms: number): void {
    const isFinite = Number.isFinite(ms)
    this.#nextAt = isFinite ? this.#options.clock.elapsed() + ms : undefined
    if (isFinite) this.#wakeAfter(Math.min(ms, lookAgainMs))
  }

  #areAllBusy(): boolean {
    return new Set(this.#underWay.values()).size >= this.#options.channel.parallelCalls
  }

  /** Begins as many attempts as may be under way. What has to wait by now is found again by the next search. */
  #startReady(): void {
    const ready = this.#ready.filter(
      (record) => !this.#underWay.has(record.slot) && this.#waitOf(record) <= 0,
    )
    const started = new Set<PendingRecord>()
    for (const records of callsOf(ready, (id) => this.#attempts.callSizeOf(id))) {
      if (this.#areAllBusy()) break
      this.#start(records)
      for (const record of records) started.add(record)
    }
    this.#ready = ready.filter((record) => !started.has(record))
  }

  /** Searches the book for what can be sent; undefined when it could not be read, which is then tried again. */
  async #search(): Promise<FoundRecords | undefined> {
    const { ledger, random, clock, channel } = this.#options
    try {
      const found = await findReady({
        ledger,
        now: clock.now(),
        window: channel.window,
        busy: new Set(this.#underWay.keys()),
        pauseOf: (record) => this.#pauses.recordWait(record),
        waitOf: (record) => this.#waitOf(record),
      })
      this.#failedReads = 0
      this.#log.queueRead()
      return found
    } catch (error) {
      if (this.stopped.aborted) return undefined
      this.#failedReads += 1
      this.#log.queueNotRead(error)
      const capMs = this.#flushing ? lookAgainAtTheEndMs : lookAgainMs
      this.#wakeAfter(backoffMs(this.#failedReads, random, { capMs }))
      return undefined
    }
  }

  /** How long a record has to wait, ms. */
  #waitOf(record: PendingRecord): number {
    const { clock, notBefore } = this.#options
    const now = clock.now()
    // A clock that was days ahead has sealed it. If AWS may have it, only AWS can say that it has not.
    const isAhead = record.hour > now + aheadLimitMs && record.state !== 'sealed'
    const due = this.#flushing || isAhead ? 0 : notBefore(record.hour) - now
    return Math.max(this.#pauses.slotWait(record), due, this.#pauses.recordWait(record))
  }

  #wakeAfter(ms: number): void {
    this.#timer = this.#options.clock.after(Math.max(0, ms), () => this.#lookAgain())
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #start(records: readonly PendingRecord[]): void {
    const attempt = this.#attempts
      .make(records)
      .catch((error: unknown) => {
        this.#ready = []
        for (const { id, slot } of records) {
          this.#log.notStored(id, error)
          this.#pauses.pauseSlot(slot)
        }
      })
      .finally(() => {
        for (const { slot } of records) this.#underWay.delete(slot)
        this.#pump()
      })
    for (const { slot } of records) this.#underWay.set(slot, attempt)
  }
}
