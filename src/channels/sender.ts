import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import { backoffMs } from '../kernel/backoff.ts'
import { toIso, type Clock, type Timer } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { PendingRecord } from '../store/sqlite/summary.ts'
import type { MeteringRecord } from '../metering/record.ts'
import type { Log } from '../kernel/log.ts'
import type { Channel, LateUsagePolicy } from './channel.ts'
import { FailureNews } from './failure-reminders.ts'

export interface SenderOptions {
  readonly ledger: Ledger
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
  /** Told of every answer: a failure, or undefined when AWS accepted a record. */
  readonly onAnswer: (failure: MeteringFailure | undefined) => void
}

/** Keys that are sent at the same time. */
const parallelKeys = 4
/** A record that AWS refused is tried again this slowly: somebody has to mend something first. */
const refusedBackoff = { baseMs: 60_000, capMs: 15 * 60_000 }

const lookAgainMs = 60_000

interface Pause {
  readonly until: number
  readonly failures: number
}

/**
 * Sends what is sealed: keys in parallel, the hours of one key in their order. A transient failure
 * pauses the key, a refusal pauses the record and lets later hours pass.
 */
export class Sender {
  readonly #options: SenderOptions
  readonly #keyPauses = new Map<number, Pause>()
  readonly #recordPauses = new Map<number, Pause>()
  /** The attempts under way, by key. */
  readonly #attempts = new Map<number, Promise<void>>()
  readonly #news = new FailureNews()
  #flushing = false
  #timer: Timer | undefined
  #nextAt: number | undefined
  #stopped = false
  #waiters: (() => void)[] = []

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Looks for records to send, and goes on looking as long as there are any. */
  wake(): void {
    this.#pump()
  }

  /** When the next attempt begins, ms; not in the future while one is under way, undefined when none is to come. */
  get nextAttemptAt(): number | undefined {
    return this.#attempts.size > 0 ? this.#options.clock.now() : this.#nextAt
  }

  /** Sends everything now, whatever failed before. Resolves when nothing is left that can be sent. */
  flush(): Promise<void> {
    this.#keyPauses.clear()
    this.#recordPauses.clear()
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

  /** After `stop`: resolves when the attempts that were under way are settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#attempts.values())
  }

  #pump(): void {
    this.#timer?.cancel()
    if (this.#stopped) return
    const now = this.#options.clock.now()
    const ready = this.#heads()
    for (const record of ready) {
      if (this.#attempts.size >= parallelKeys) return
      if (this.#pausedUntil(record) <= now) this.#start(record)
    }
    const idle = ready.filter(({ key }) => !this.#attempts.has(key))
    const next = Math.min(...idle.map((record) => this.#pausedUntil(record)))
    // An operator may free a record at any moment, in another process.
    this.#nextAt = Number.isFinite(next) ? next : undefined
    if (idle.length > 0) this.#wakeAt(Math.min(next, now + lookAgainMs))
    const waitsForSomebody = idle.every((record) => this.#refusedUntil(record) > now)
    if (this.#attempts.size === 0 && waitsForSomebody) this.#release()
  }

  /** The next record of each key that is not being sent: the oldest, or the oldest that is not paused. */
  #heads(): PendingRecord[] {
    const now = this.#options.clock.now()
    const heads = new Map<number, PendingRecord>()
    for (const record of this.#options.ledger.pendingRecords()) {
      if (this.#attempts.has(record.key)) continue
      const head = heads.get(record.key)
      const passes = head !== undefined && this.#refusedUntil(head) > now
      if (head === undefined || (passes && this.#refusedUntil(record) <= now))
        heads.set(record.key, record)
    }
    return [...heads.values()]
  }

  #pausedUntil(record: PendingRecord): number {
    const key = this.#keyPauses.get(record.key)?.until ?? 0
    const due = this.#flushing ? 0 : this.#options.notBefore(record.hour)
    return Math.max(key, due, this.#refusedUntil(record))
  }

  #refusedUntil({ id, state }: PendingRecord): number {
    return state === 'refused' ? (this.#recordPauses.get(id)?.until ?? 0) : 0
  }

  #wakeAt(instant: number): void {
    this.#timer = this.#options.clock.at(instant, () => this.#pump())
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #start(record: PendingRecord): void {
    const attempt = this.#attempt(record)
      .catch((error: unknown) => {
        // The ledger said no: full, or failed. The record stays as it is committed.
        const { clock, log } = this.#options
        if (this.#news.isNews(String(record.id), 'not-stored', clock.now()))
          log('record.not-stored', messageOf(error), { record: record.id })
        this.#pauseKey(record.key)
      })
      .finally(() => {
        this.#attempts.delete(record.key)
        this.#pump()
      })
    this.#attempts.set(record.key, attempt)
  }

  async #attempt({ id, key }: PendingRecord): Promise<void> {
    const { ledger, channel, api, events, lateUsage, onAnswer } = this.#options
    const record = await ledger.markSending(id)
    if (record === undefined) return
    events.emit('stepReached', { step: 'send-started' })
    const answer = await channel.ask(api, channel.toCall(record))
    events.emit('stepReached', { step: 'send-answered' })
    const settlement = channel.settle(answer, lateUsage)
    const after = await ledger.settle(id, settlement)
    const failure = answer.ok ? undefined : answer.failure
    this.#tell(after, failure)
    onAnswer(failure)

    if (after.state === 'sealed' || after.state === 'sending') this.#pauseKey(key)
    else this.#keyPauses.delete(key)
    if (after.state === 'refused') this.#pauseRecord(id, settlement.kind === 'too-late')
    else this.#recordPauses.delete(id)
    if (after.state === 'moved')
      this.#options.log('record.moved', movedText(after), fieldsOf(after))
    if (after.state === 'unresolved')
      this.#options.log('record.unresolved', unresolvedText(after), fieldsOf(after))
  }

  #pauseKey(key: number): void {
    const { clock, random } = this.#options
    const failures = (this.#keyPauses.get(key)?.failures ?? 0) + 1
    this.#keyPauses.set(key, { failures, until: clock.now() + backoffMs(failures, random) })
  }

  #pauseRecord(id: number, forGood: boolean): void {
    const { clock, random } = this.#options
    const failures = (this.#recordPauses.get(id)?.failures ?? 0) + 1
    const pause = forGood ? Number.POSITIVE_INFINITY : backoffMs(failures, random, refusedBackoff)
    this.#recordPauses.set(id, { failures, until: clock.now() + pause })
  }

  #tell(record: MeteringRecord, failure: MeteringFailure | undefined): void {
    const { id, dimension, hour, quantity, meteringRecordId } = record
    const outcome = failure?.kind ?? 'ok'
    const { code, message } = failure ?? {}
    this.#options.events.emit('recordAttempted', {
      id,
      dimension,
      hour,
      quantity,
      outcome,
      code,
      message,
      meteringRecordId,
    })
    if (failure !== undefined) this.#logFailure(record, failure)
    if (record.settledAt !== undefined) this.#news.forget(String(id))
  }

  #logFailure(record: MeteringRecord, failure: MeteringFailure): void {
    const { clock, log } = this.#options
    const isNews = this.#news.isNews(String(record.id), failure.code, clock.now())
    log(isNews ? 'record.failed' : 'record.failed-again', `${failure.message} ${failure.advice}`, {
      ...fieldsOf(record),
      code: failure.code,
      state: record.state,
      awsRequestId: failure.requestId,
    })
  }
}

function fieldsOf({ id, dimension, hour, lastCode }: MeteringRecord) {
  return { record: id, dimension, hour: toIso(hour), code: lastCode }
}

function movedText({ id, dimension, lastCode }: MeteringRecord): string {
  return `Record ${id} of ${dimension} could not be sent for its hour (${lastCode}); its usage goes with a later hour. If something else meters for this task or pod, stop it.`
}

function unresolvedText({ id, dimension, lastCode }: MeteringRecord): string {
  return `Record ${id} of ${dimension} may have been billed, and AWS no longer tells (${lastCode}). It is not sent again by itself: look at the hour in the Marketplace reports, then decide with "marketplace-sidecar ledger resolve ${id}".`
}
