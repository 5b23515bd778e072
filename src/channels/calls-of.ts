import type { PendingRecord } from '../store/summary.ts'

/** Returns the records that are sent in one call each, in their order; `sizeOf` is the most that a record's call has. */
export function callsOf(
  ready: readonly PendingRecord[],
  sizeOf: (id: number) => number,
): PendingRecord[][] {
  const calls: PendingRecord[][] = []
  const open = new Map<number, PendingRecord[]>()
  for (const record of ready) {
    const size = sizeOf(record.id)
    const call = open.get(size) ?? []
    if (call.length === 0) calls.push(call)
    call.push(record)
    open.set(size, call.length < size ? call : [])
  }
  return calls
}
