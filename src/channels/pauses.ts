import { backoffMs } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PendingRecord } from '../store/summary.ts'

/** A record that AWS refused is tried again this slowly: an operator has to fix something first. */
const refusedBackoff = { baseMs: 60_000, capMs: 15 * 60_000 }

interface Pause {
  readonly until: number
  readonly failures: number
}

/**
 * How long failed attempts keep the next one waiting. A transient failure pauses the slot, so that its
 * hours stay in order; a refusal pauses the record alone and lets later hours pass.
 */
export class Pauses {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #slots = new Map<number, Pause>()
  readonly #records = new Map<number, Pause>()

  constructor({ clock, random }: { readonly clock: Clock; readonly random: () => number }) {
    this.#clock = clock
    this.#random = random
  }

  /** When the slot of a record may be tried again, ms; 0 when it is not paused. */
  slotUntil({ slot }: Pick<PendingRecord, 'slot'>): number {
    return this.#slots.get(slot)?.until ?? 0
  }

  /** When a refused record may be tried again, ms; 0 when it is not paused, or no longer refused. */
  refusedUntil({ id, state }: Pick<PendingRecord, 'id' | 'state'>): number {
    return state === 'refused' ? (this.#records.get(id)?.until ?? 0) : 0
  }

  /** Pauses a slot, longer with every failure. */
  pauseSlot(slot: number): void {
    const failures = (this.#slots.get(slot)?.failures ?? 0) + 1
    const until = this.#clock.now() + backoffMs(failures, this.#random)
    this.#slots.set(slot, { failures, until })
  }

  freeSlot(slot: number): void {
    this.#slots.delete(slot)
  }

  /** Pauses a refused record, longer with every refusal; one that is held until an operator acts. */
  pauseRecord(id: number, held: boolean): void {
    const failures = (this.#records.get(id)?.failures ?? 0) + 1
    const pause = held
      ? Number.POSITIVE_INFINITY
      : backoffMs(failures, this.#random, refusedBackoff)
    this.#records.set(id, { failures, until: this.#clock.now() + pause })
  }

  freeRecord(id: number): void {
    this.#records.delete(id)
  }

  clear(): void {
    this.#slots.clear()
    this.#records.clear()
  }
}
