import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { BookReader } from '../../store/store.ts'
import { auditBook } from './audit.ts'
import { logAudit } from './log-audit.ts'

interface Audited {
  readonly store: Pick<BookReader, 'audited'>
  readonly events: Events
  readonly log: Log
}

/** Audits a book, and logs and emits what is wrong with it. */
export async function auditStore({ store, events, log }: Audited): Promise<void> {
  const { unbalanced, sharedMeteringIds: shared } = await store.audited()
  const wrong = auditBook(unbalanced)
  logAudit(log, wrong, shared)
  events.emit('ledgerAudited', {
    balanced: wrong.length === 0 && shared.length === 0,
    keys: wrong.map(({ dimension, imbalance }) => ({ dimension, imbalance })),
  })
}
