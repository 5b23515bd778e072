import { accountOf } from '../../metering/account.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import {
  possiblyTaken,
  usageOfPart,
  type MeteringRecord,
  type Settlement,
} from '../../metering/record/record.ts'
import { recordStateTable, type RecordState } from '../../metering/record/record-states.ts'
import type { HeldReason } from '../../metering/held.ts'
import type { RecordProgress } from '../../store/changes.ts'
import type { Page } from '../page/page.ts'

/** The last code of a record that AWS accepted too late: the book cannot take the usage back. */
export const acceptedAfterMove = 'AcceptedAfterMove'

/**
 * Notes that an attempt is about to be made. Undefined when the record no longer waits to be sent, or is sent by
 * another task or pod that has taken it over: that is looked at here, in the transaction that marks it, whatever
 * the sender saw before.
 */
function markSending(page: Page, id: number, now: number): MeteringRecord | undefined {
  const record = page.record(id)
  if (record === undefined || record.resource !== page.resource) return undefined
  if (!recordStateTable[record.state].unsent) return undefined
  return page.update(record, {
    state: 'sending',
    // The answer to an attempt that is still in flight is lost.
    ambiguous: possiblyTaken(record),
    inFlight: true,
    attempts: record.attempts + 1,
    firstAttemptAt: record.firstAttemptAt ?? now,
    lastAttemptAt: now,
  })
}

/** The same for one call, whose records are all of the first one's product. */
export function markAll(page: Page, ids: readonly number[], now: number): MeteringRecord[] {
  const records: MeteringRecord[] = []
  for (const id of ids) {
    const product = records[0]?.productCode
    if (product !== undefined && page.record(id)?.productCode !== product) continue
    const marked = markSending(page, id, now)
    if (marked !== undefined) records.push(marked)
  }
  return records
}

/** Notes the outcome of an attempt. A record that was settled meanwhile is corrected only by AWS's yes. */
export function settleRecord(
  page: Page,
  id: number,
  answer: Settlement,
  now: number,
): MeteringRecord {
  const record = page.record(id)
  if (record === undefined) throw new TypeError(`there is no record ${id}`)
  const settlement = withoutTwin(page, record, answer)
  const isAnothers = record.resource !== page.resource
  if (record.state !== 'sending' || isAnothers) return settleLate(page, record, settlement, now)
  const set = (state: RecordState, more: Partial<RecordProgress> = {}) =>
    page.update(record, { ...answerOf(settlement), state, ...more })
  switch (settlement.kind) {
    case 'accepted':
      return set('accepted', { ambiguous: false, settledAt: now })
    case 'not-taken':
      return set(record.ambiguous ? 'sending' : 'sealed')
    case 'unknown':
      return set('sending', { ambiguous: true })
    case 'refused':
      return set('refused')
    case 'another-stands':
      return set('unresolved', { settledAt: now })
    case 'hour-taken': {
      if (record.ambiguous) return set('unresolved', { settledAt: now })
      const movedTo = returnUsage(page, record, record.hour + hourMs)
      return set('moved', { settledAt: now, movedTo })
    }
    case 'too-early': {
      const current = hourOf(now)
      // What is too early now was so at every earlier attempt: AWS has none of it.
      if (record.hour <= current) return set('sealed', { ambiguous: false })
      const movedTo = returnUsage(page, record, current)
      return set('moved', { ambiguous: false, settledAt: now, movedTo })
    }
    case 'too-late': {
      if (record.ambiguous) return set('unresolved', { settledAt: now })
      if (settlement.policy === 'hold') {
        holdUsage(page, record, 'late', now)
        return set('moved', { settledAt: now })
      }
      const from = Math.max(hourOf(now), record.hour + hourMs)
      return set('moved', { settledAt: now, movedTo: returnUsage(page, record, from) })
    }
  }
}

/**
 * AWS has one id for each record. One that another record of the book bears already means that AWS has
 * answered with that record: this one was not taken, and its hour is.
 */
function withoutTwin(page: Page, { id }: MeteringRecord, answer: Settlement): Settlement {
  if (answer.kind !== 'accepted') return answer
  const bearer = page.recordWithMeteringId(answer.meteringRecordId)
  if (bearer === undefined || bearer === id) return answer
  return {
    kind: 'hour-taken',
    code: 'MeteringRecordIdTaken',
    message: `AWS answered with MeteringRecordId ${answer.meteringRecordId}, which record ${bearer} already has: another task or pod has sent this hour under the same identity.`,
  }
}

/** The answer to an attempt came after its record had been settled otherwise, or taken over by another task or pod. */
function settleLate(
  page: Page,
  record: MeteringRecord,
  settlement: Settlement,
  now: number,
): MeteringRecord {
  if (settlement.kind !== 'accepted') {
    // The attempt that is under way is not this one.
    if (record.resource !== page.resource) return record
    const ambiguous = record.ambiguous || settlement.kind === 'unknown'
    return record.inFlight ? page.update(record, { inFlight: false, ambiguous }) : record
  }
  if (record.state === 'accepted') return record
  const { meteringRecordId } = settlement
  if (record.state === 'moved')
    return page.update(record, {
      inFlight: false,
      meteringRecordId,
      lastCode: acceptedAfterMove,
      lastMessage: `AWS accepted it after its usage had ${record.movedTo === undefined ? 'been held: write that off' : 'gone to a later hour, so that it may be billed twice'}.`,
    })
  return page.update(record, {
    ...answerOf(settlement),
    state: 'accepted',
    ambiguous: false,
    settledAt: now,
  })
}

/**
 * Puts the usage of a record back into open hours of its accounts, each the first unsealed one from
 * `from` on. Returns the earliest of them. The caller makes the record `moved`.
 */
export function returnUsage(page: Page, record: MeteringRecord, from: number): number {
  const hours = record.parts.map((part) => {
    const account = accountOf(part.account)
    const hour = page.firstUnsealedHour(account, from)
    for (const { tags, quantity } of usageOfPart(part))
      page.addUnguarded(account, hour, tags, quantity)
    return hour
  })
  return Math.min(...hours)
}

/** Holds the usage of a record for its own hour. The caller makes the record `moved`. */
export function holdUsage(
  page: Page,
  record: MeteringRecord,
  reason: HeldReason,
  now: number,
): void {
  const { resource, hour } = record
  for (const part of record.parts)
    page.hold({ account: accountOf(part.account), resource, hour, reason }, usageOfPart(part), now)
}

function answerOf(settlement: Settlement): Partial<RecordProgress> {
  const accepted = settlement.kind === 'accepted'
  return {
    inFlight: false,
    meteringRecordId: accepted ? settlement.meteringRecordId : undefined,
    lastCode: accepted ? undefined : settlement.code,
    lastMessage: accepted ? undefined : settlement.message,
    settledAt: undefined,
  }
}
