import { hourMs, hourOf } from '../metering/hour.ts'
import type { MeteringRecord } from '../metering/record.ts'
import type { BookReader } from '../store/store.ts'

/**
 * Every record that AWS accepted, of the hours that start between two instants, oldest first. It reads an
 * hour at a time: a slow reader keeps no transaction open.
 */
export async function* acceptedRecords(
  book: Pick<BookReader, 'records'>,
  since: number,
  until: number,
): AsyncGenerator<MeteringRecord> {
  for (let hour = hourOf(since); hour <= until; hour += hourMs) {
    const filter = { since: hour, until: hour + hourMs, dimension: undefined }
    const ofHour: MeteringRecord[] = []
    for await (const record of book.records(filter))
      if (record.state === 'accepted') ofHour.push(record)
    yield* ofHour
  }
}
