import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { BookReader } from '../../store/store.ts'
import { imbalanceOf, type AccountSums } from '../../store/summary.ts'
import { auditBook } from './audit.ts'
import { logAudit } from './log-audit.ts'

interface Audited {
  readonly store: Pick<BookReader, 'accountSums' | 'sharedMeteringIds'>
  readonly events: Events
  readonly log: Log
}

/** Audits a book, and logs and emits what is wrong with it. Returns what every account holds. */
export async function auditStore({ store, events, log }: Audited): Promise<readonly AccountSums[]> {
  const sums = await store.accountSums()
  // Of many customers hardly any account is wrong: no second list of all is made.
  const wrong = auditBook(sums.filter((each) => imbalanceOf(each) !== 0n))
  const shared = await store.sharedMeteringIds()
  logAudit(log, wrong, shared)
  events.emit('ledgerAudited', {
    balanced: wrong.length === 0 && shared.length === 0,
    keys: wrong.map(({ dimension, imbalance }) => ({ dimension, imbalance })),
  })
  return sums
}
