import { backoffMs, type BackoffOptions } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PendingRecord } from '../store/summary.ts'

/** A record that waits for someone, or for its answer, is tried again this slowly. */
const slowBackoff = { baseMs: 60_000, capMs: 15 * 60_000 }

/** At the end there are seconds, not minutes. */
const hurriedBackoff = { baseMs: 500, capMs: 2000 }

/** After a throttle the whole task waits within this, which doubles while AWS throttles. */
const leastPauseMs = 1000
const longestSpreadMs = 55 * 60_000
/** A throttle that is longer ago says nothing of AWS's load now. */
const throttleMemoryMs = 3_600_000

/** After so many unknown outcomes in a row later hours pass a record. */
const unknownLimit = 3

interface Pause {
  /** On `elapsed`. */
  readonly until: number
  readonly failures: number
}

type Named = Pick<PendingRecord, 'id' | 'state'>

interface PausesOptions {
  readonly clock: Clock
  readonly random: () => number
  /** The time within which first attempts fall, ms. */
  readonly spreadMs: number
  /** The longest pause after throttling; 55 minutes when absent. */
  readonly longestMs?: number | undefined
}

/**
 * How long failed attempts keep the next one waiting, whatever the wall clock does. A transient failure
 * pauses the slot, so that its hours stay in order. A refusal pauses the record alone and lets later
 * hours pass, and so does an outcome that stays unknown. A throttle pauses the whole task, because AWS's quota
 * counts everything that the account runs.
 */
export class Pauses {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #slots = new Map<number, Pause>()
  readonly #records = new Map<number, Pause>()
  /** Unknown outcomes in a row, by record. */
  readonly #unknown = new Map<number, number>()
  readonly #spreadMs: number
  readonly #longestMs: number
  /** Throttles in a row, and when the last one was and ends, on `elapsed`. */
  #throttle = { times: 0, at: 0, until: 0 }
  #hurried = false

  constructor({ clock, random, spreadMs, longestMs = longestSpreadMs }: PausesOptions) {
    this.#longestMs = longestMs
    this.#spreadMs = spreadMs
    this.#clock = clock
    this.#random = random
  }

  /** How long everything has to wait, ms. */
  taskWait(): number {
    return Math.max(0, this.#throttle.until - this.#clock.elapsed())
  }

  /** How long the slot of a record has to wait, ms. */
  slotWait({ slot }: Pick<PendingRecord, 'slot'>): number {
    return Math.max(this.taskWait(), this.#waitOf(this.#slots.get(slot)))
  }

  /** How long a record has to wait that later hours may pass, ms; 0 for any other. */
  recordWait(record: Named): number {
    return this.#isPassed(record) ? this.#waitOf(this.#records.get(record.id)) : 0
  }

  /** Pauses a slot, longer with every failure. */
  pauseSlot(slot: number): void {
    const failures = (this.#slots.get(slot)?.failures ?? 0) + 1
    this.#slots.set(slot, this.#pause(failures, this.#hurried ? hurriedBackoff : {}))
  }

  /** Pauses the whole task for a random share of a time that doubles with every throttle. */
  pauseTask(): void {
    const now = this.#clock.elapsed()
    // What was sent at the same time as a call that was throttled is throttled for the same reason.
    if (now < this.#throttle.until) return
    const before = now - this.#throttle.at > throttleMemoryMs ? 0 : this.#throttle.times
    const baseMs = Math.max(leastPauseMs, 2 * this.#spreadMs)
    const ms = backoffMs(before + 1, this.#random, { baseMs, capMs: this.#longestMs })
    this.#throttle = { times: before + 1, at: now, until: now + ms }
  }

  /** AWS has room again: the next throttle pauses the task for half as long. */
  easeTask(): void {
    const { times } = this.#throttle
    this.#throttle = { ...this.#throttle, times: Math.max(0, times - 1) }
  }

  freeSlot(slot: number): void {
    this.#slots.delete(slot)
  }

  /** Pauses a record alone, longer with every failure. */
  pauseRecord(id: number, why: 'refused' | 'unknown'): void {
    const failures = (this.#records.get(id)?.failures ?? 0) + 1
    const hurried = this.#hurried && why === 'unknown'
    this.#records.set(id, this.#pause(failures, hurried ? hurriedBackoff : slowBackoff))
  }

  /** Notes that the outcome of an attempt is unknown. Returns whether later hours pass the record now. */
  noteUnknown(id: number): boolean {
    const times = (this.#unknown.get(id) ?? 0) + 1
    this.#unknown.set(id, times)
    return times >= unknownLimit
  }

  /** Later hours have to wait for a record again, if it has not been settled. */
  freeRecord(id: number): void {
    this.#records.delete(id)
    this.#unknown.delete(id)
  }

  /** AWS answers again: what it did not answer for is asked once more now. Returns whether there is any. */
  freeUnknown(): boolean {
    const before = this.#records.size
    for (const [id, times] of this.#unknown) if (times >= unknownLimit) this.#records.delete(id)
    return this.#records.size < before
  }

  /** Begins anew, with pauses that suit the end. */
  hurry(): void {
    this.#hurried = true
    this.#throttle = { times: 0, at: 0, until: 0 }
    this.#slots.clear()
    this.#records.clear()
    this.#unknown.clear()
  }

  #isPassed({ id, state }: Named): boolean {
    return state === 'refused' || (this.#unknown.get(id) ?? 0) >= unknownLimit
  }

  #pause(failures: number, options: BackoffOptions): Pause {
    return { failures, until: this.#clock.elapsed() + backoffMs(failures, this.#random, options) }
  }

  #waitOf(pause: Pause | undefined): number {
    return Math.max(0, (pause?.until ?? 0) - this.#clock.elapsed())
  }
}
