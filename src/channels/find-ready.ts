import { hourMs, hourOf } from '../metering/hour.ts'
import type { RecordWindow } from '../metering/record/record-window.ts'
import type { BookReader } from '../store/store.ts'
import type { PendingRecord } from '../store/summary.ts'
import { pendingFrom, pendingAtOnce } from './pending-from.ts'

interface Search {
  readonly ledger: Pick<BookReader, 'pendingRecords'>
  readonly now: number
  readonly window: RecordWindow
  /** Slots with an attempt under way: what is read of them may be old. */
  readonly busy: ReadonlySet<number>
  /** How long a record waits that later hours may pass, ms; 0 for any other. */
  readonly pauseOf: (record: PendingRecord) => number
  /** How long a record has to wait, ms. */
  readonly waitOf: (record: PendingRecord) => number
}

export interface FoundRecords {
  /** The next record of each slot that can be sent now, oldest hour first. */
  readonly ready: readonly PendingRecord[]
  /** How long the first of the others waits, ms; infinite where none does. Only where `isWhole`. */
  readonly wait: number
  /** Every record was looked at; else there are more that can be sent. */
  readonly isWhole: boolean
  /** There are records that wait for something else than the end of a refusal's pause. */
  readonly isLeft: boolean
  /** How many records were looked at. */
  readonly looked: number
}

/**
 * Looks for the records that the next calls can carry, a page at a time, and stops when it has found enough:
 * a product with many customers has tens of thousands. The next record of a slot is the oldest. One that is
 * paused lets later hours pass, and so does one whose window is over: AWS only has to say so, and an hour
 * that it still accepts must not wait for that.
 */
export async function findReady(search: Search): Promise<FoundRecords> {
  const { ledger, busy, pauseOf, waitOf } = search
  const slots = new Set(busy)
  const ready: PendingRecord[] = []
  const found = { wait: Number.POSITIVE_INFINITY, isLeft: false, looked: 0 }
  const add = (record: PendingRecord, pause: number) => {
    const wait = Math.max(pause, waitOf(record))
    if (wait <= 0) ready.push(record)
    else found.wait = Math.min(found.wait, wait)
  }
  const addNext = (record: PendingRecord) => {
    if (slots.has(record.slot)) return
    slots.add(record.slot)
    add(record, 0)
  }
  const first = firstAcceptedHour(search)
  /** The oldest of each slot whose window is over. */
  const late = new Map<number, PendingRecord>()
  for await (const page of pendingFrom(ledger, Number.MIN_SAFE_INTEGER)) {
    for (const record of page) {
      const pause = pauseOf(record)
      if (record.state !== 'refused' || pause <= 0) found.isLeft = true
      if (busy.has(record.slot)) continue
      if (pause > 0) add(record, pause)
      else if (record.hour >= first) addNext(record)
      else if (!late.has(record.slot)) late.set(record.slot, record)
    }
    found.looked += page.length
    if (ready.length >= pendingAtOnce) return { ...found, ready, isWhole: false }
  }
  for (const record of late.values()) addNext(record)
  return { ...found, ready, isWhole: true }
}

/** The first hour of which AWS may accept a record still. */
function firstAcceptedHour({ now, window }: Search): number {
  let hour = hourOf(now - window.longestMs) - hourMs
  while (window.end(hour + hourMs - 1) < now) hour += hourMs
  return hour
}
