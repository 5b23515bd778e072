import { recordStateTable } from '../metering/record-states.ts'
import type { RecordState } from '../metering/record-states.ts'
import type { PendingRecord } from '../store/summary.ts'

/**
 * The records that wait, as they were read and as attempts have left them since: with many of them, each
 * attempt would else take as long as reading all. Every record is checked again when it is marked.
 */
export class PendingQueue {
  #records = new Map<number, PendingRecord>()
  #isFresh = false

  /** Whether nothing is known to have changed outside of the attempts since it was read. */
  get isFresh(): boolean {
    return this.#isFresh
  }

  /** The records, oldest hour first. */
  get records(): readonly PendingRecord[] {
    return [...this.#records.values()]
  }

  /** Takes what was read. */
  hold(pending: readonly PendingRecord[]): void {
    this.#records = new Map(pending.map((record) => [record.id, record]))
    this.#isFresh = true
  }

  /** Notes how an attempt has left a record. */
  update(id: number, { state, lastCode }: Pick<PendingRecord, 'state' | 'lastCode'>): void {
    const known = this.#records.get(id)
    if (known === undefined) return
    if (isUnsent(state)) this.#records.set(id, { ...known, state, lastCode })
    else this.#records.delete(id)
  }

  /** Has them read again before the next attempt. */
  outdate(): void {
    this.#isFresh = false
  }
}

function isUnsent(state: RecordState): boolean {
  const { settled, unsent } = recordStateTable[state]
  return unsent && !settled
}
