import { hourMs } from '../metering/hour.ts'
import type { RecordWindow } from '../metering/record-window.ts'
import type { PendingRecord } from '../store/summary.ts'

interface Window {
  readonly now: number
  readonly window: RecordWindow
}

/**
 * The next record of each slot: the oldest. One that is paused lets later hours pass, and so does one
 * whose window is over: AWS only has to say so, and an hour that it still accepts must not wait for that.
 */
export function nextOfEachSlot(
  pending: readonly PendingRecord[],
  pauseOf: (record: PendingRecord) => number,
  { now, window }: Window,
): PendingRecord[] {
  /** Paused records come after all others, the one that ends its pause first before the rest. */
  const rankOf = (record: PendingRecord) => {
    const pause = pauseOf(record)
    if (pause > 0) return 1 + pause
    return window.end(record.hour + hourMs - 1) < now ? 1 : 0
  }
  const heads = new Map<number, { readonly record: PendingRecord; readonly rank: number }>()
  for (const record of pending) {
    const rank = rankOf(record)
    const head = heads.get(record.slot)
    if (head === undefined || rank < head.rank) heads.set(record.slot, { record, rank })
  }
  return [...heads.values()].map(({ record }) => record)
}
