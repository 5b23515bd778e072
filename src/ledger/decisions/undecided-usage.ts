import type { RecordSummary } from '../../metering/record/record.ts'
import type { BookReader } from '../../store/store.ts'
import type { UsageSummary } from '../../store/summary.ts'
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
    unresolved = await Array.fromAsync(recordsInState(book, 'unresolved', { until: now }))
  }
  const records = [...pending, ...unresolved].toSorted((a, b) => a.hour - b.hour || a.id - b.id)
  return { now, open, held, records }
}
