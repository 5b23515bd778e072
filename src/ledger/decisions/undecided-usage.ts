import { hourOf } from '../../metering/hour.ts'
import type { RecordSummary } from '../../metering/record/record.ts'
import type { BookReader } from '../../store/store.ts'
import type { UsageSummary } from '../../store/summary.ts'
import { settledMs } from '../retention-at.ts'
import { recordsInState } from '../records-in-state.ts'

/** What an operator can decide about. */
export interface UndecidedUsage extends Pick<UsageSummary, 'now' | 'open' | 'held'> {
  /** Those that wait for AWS, and every unresolved one, oldest hour first. */
  readonly records: readonly RecordSummary[]
}

/** Reads what waits for a decision. Unresolved records that the summary no longer has are looked for. */
export async function undecidedUsage(
  usage: () => Promise<UsageSummary>,
  book: Pick<BookReader, 'records'>,
): Promise<UndecidedUsage> {
  const { now, open, held, pending, settled, unresolvedCount } = await usage()
  let unresolved: RecordSummary[] = settled.filter(({ state }) => state === 'unresolved')
  if (unresolved.length < unresolvedCount) {
    // Of what is older than settled records are kept, nothing but unresolved ones is left.
    const since = hourOf(now - settledMs)
    unresolved = []
    for await (const record of book.records({
      since: undefined,
      until: since,
      dimension: undefined,
    }))
      if (record.state === 'unresolved') unresolved.push(record)
    for await (const record of recordsInState(book, 'unresolved', { since, until: now }))
      unresolved.push(record)
  }
  const records = [...pending, ...unresolved].toSorted((a, b) => a.hour - b.hour || a.id - b.id)
  return { now, open, held, records }
}
