import { hourMs, hourOf } from '../metering/hour.ts'
import type { MeteringRecord } from '../metering/record/record.ts'
import type { RecordState } from '../metering/record/record-states.ts'
import type { BookReader } from '../store/store.ts'

/**
 * Every record in a state, oldest hour first, of the hours that start between two instants; without `since`
 * however old.
 */
export async function* recordsInState(
  book: Pick<BookReader, 'records'>,
  state: RecordState,
  { since, until }: { readonly since?: number; readonly until: number },
): AsyncGenerator<MeteringRecord> {
  const hours = {
    since: since === undefined ? undefined : hourOf(since),
    until: hourOf(until) + hourMs,
  }
  for await (const record of book.records({ ...hours, dimension: undefined }))
    if (record.state === state) yield record
}
