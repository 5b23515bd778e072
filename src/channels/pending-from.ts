import type { BookReader } from '../store/store.ts'
import type { PendingRecord } from '../store/summary.ts'

/** How many records that wait for AWS are read before the event loop runs again. */
export const pendingAtOnce = 500

/** The records that wait for AWS, of hours from this one on, oldest hour first, a page at a time. */
export async function* pendingFrom(
  ledger: Pick<BookReader, 'pendingRecords'>,
  hour: number,
): AsyncGenerator<readonly PendingRecord[]> {
  // The first id is 1.
  let after = { hour, id: 0 }
  for (;;) {
    const page = await ledger.pendingRecords({ after, limit: pendingAtOnce })
    yield page
    const last = page.at(-1)
    if (last === undefined || page.length < pendingAtOnce) return
    after = last
    await new Promise((resolve) => setImmediate(resolve))
  }
}
