import { toIso } from '../../kernel/clock.ts'
import { SidecarError } from '../../kernel/errors.ts'
import { hourOf } from '../../metering/hour.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { recordStateTable, type RecordState } from '../../metering/record/record-states.ts'
import { windowOf } from '../../metering/record/record-window.ts'
import type { Page } from '../page/page.ts'
import { returnUsage } from '../settling/settle-record.ts'

/**
 * Closes an unresolved record whose usage AWS has billed: its units stay in it, as accepted, and are
 * never sent again. Throws RecordNotFound, RecordStateMismatch.
 */
export function resolveDelivered(page: Page, id: number, now: number): MeteringRecord {
  const record = findInState(page, id, 'unresolved', 'resolved')
  return page.update(record, {
    state: 'accepted',
    lastCode: 'ResolvedDelivered',
    lastMessage: `An operator found it billed${afterwards(record)}`,
    settledAt: now,
  })
}

/**
 * Sends the usage of an unresolved record again, AWS having not billed it: it goes to the first
 * unsealed hour of the book's owner, from the current one on. The record's own hour cannot be sent a
 * second time. Throws RecordNotFound, RecordStateMismatch and, without `force`, RecordWindowOpen.
 */
export function resolveResend(page: Page, id: number, now: number, force: boolean): MeteringRecord {
  const record = findInState(page, id, 'unresolved', 'resolved')
  if (!force) requireWindowOver(record, now)
  const movedTo = returnUsage(page, record, hourOf(now))
  return page.update(record, {
    state: 'moved',
    lastCode: 'ResolvedResend',
    lastMessage: `An operator had its usage billed with a later hour${afterwards(record)}`,
    settledAt: now,
    movedTo,
  })
}

/**
 * Lets the sender try a refused record at once instead of after its long pause. The content and the
 * memory of an ambiguous attempt stay: were that forgotten, a duplicate that is our own would be billed
 * a second time. Throws RecordNotFound, RecordStateMismatch.
 */
export function retryRefused(page: Page, id: number): MeteringRecord {
  const record = findInState(page, id, 'refused', 'retried')
  return page.update(record, { state: record.ambiguous ? 'sending' : 'sealed' })
}

/** Throws RecordWindowOpen while AWS still accepts the record: a sidecar that is paused may have it under way. */
export function requireWindowOver(record: MeteringRecord, now: number): void {
  const { id, slot, timestamp } = record
  const end = windowOf(slot.channel === 'batch-meter-usage').end(timestamp)
  if (now >= end) return
  throw new SidecarError(
    'RecordWindowOpen',
    `AWS accepts record ${id} until ${toIso(end)}, and a sidecar that is only paused may send it until then: its usage would be billed twice. Nothing was changed. Decide after that, or add --force (over HTTP "force": true) if every sidecar that had the record has ended and AWS does not have it.`,
  )
}

/** The error for an id that the book does not have. */
export function recordNotFound(id: number): SidecarError {
  return new SidecarError(
    'RecordNotFound',
    `The ledger has no record ${id}. "ledger show" and "ledger export" list the ids; settled records are forgotten after 45 days, those of customers after 7.`,
  )
}

/** What AWS had said stays on record. */
export function afterwards({ lastCode, lastMessage }: MeteringRecord): string {
  if (lastCode === undefined) return '.'
  return `; before that: ${lastCode}${lastMessage === undefined ? '.' : `: ${lastMessage}`}`
}

/** The record of an id, in the one state that an action is for. Throws RecordNotFound, RecordStateMismatch. */
export function findInState(
  page: Page,
  id: number,
  state: RecordState,
  done: string,
): MeteringRecord {
  const record = page.record(id)
  if (record === undefined) throw recordNotFound(id)
  if (record.state !== state) throw mismatch(record, state, done)
  return record
}

/** The error for a record in another state than the one that an action is for. */
export function mismatch(
  { id, state }: Pick<MeteringRecord, 'id' | 'state'>,
  wanted: RecordState,
  done: string,
): SidecarError {
  return new SidecarError(
    'RecordStateMismatch',
    `Record ${id} is ${state}, and only ${wanted} records can be ${done}; nothing was changed. ${recordStateTable[state].advice}`,
  )
}
