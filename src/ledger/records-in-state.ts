import { hourMs, hourOf } from '../metering/hour.ts'
import type { MeteringRecord } from '../metering/record/record.ts'
import type { RecordState } from '../metering/record/record-states.ts'
import type { BookReader } from '../store/store.ts'

/**
 * Every record in a state, of the hours that start between two instants, oldest first. It reads an hour at
 * a time: a slow reader keeps no transaction open, and the event loop is never held up for long.
 */
export async function* recordsInState(
  book: Pick<BookReader, 'records'>,
  state: RecordState,
  { since, until }: { readonly since: number; readonly until: number },
): AsyncGenerator<MeteringRecord> {
  for (let hour = hourOf(since); hour <= until; hour += hourMs) {
    const filter = { since: hour, until: hour + hourMs, dimension: undefined }
    const ofHour: MeteringRecord[] = []
    for await (const record of book.records(filter)) if (record.state === state) ofHour.push(record)
    yield* ofHour
  }
}
