import type { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../kernel/errors.ts'
import { OpenUsage } from './open-usage.ts'
import { recordOf, selectRecord } from './record-rows.ts'
import { usageOf } from './settling.ts'
import { hourOf } from '../../metering/hour.ts'
import type { RecordState, MeteringRecord } from '../../metering/record.ts'

export interface OperatorOptions {
  readonly now: number
  /** As the sidecar's own: further tag sets of an hour go to the untagged bucket. */
  readonly maxTagSets: number
}

/** The record with this id. Throws RecordNotFound. */
export function findRecord(database: DatabaseSync, id: number): MeteringRecord {
  const row = database.prepare(`${selectRecord} WHERE record.id = ?`).get(id)
  if (row === undefined)
    throw new SidecarError(
      'RecordNotFound',
      `The ledger has no record ${id}. "ledger show" and "ledger export" list the ids; settled records are forgotten after 45 days.`,
    )
  return recordOf(row)
}

/**
 * Closes an unresolved record whose usage AWS has billed: its units stay in it, as accepted, and are
 * never sent again. Inside a transaction only. Throws RecordNotFound, RecordStateMismatch.
 */
export function resolveDelivered(
  database: DatabaseSync,
  id: number,
  { now }: Pick<OperatorOptions, 'now'>,
): MeteringRecord {
  const record = findInState(database, id, 'unresolved', 'resolve')
  close(database, record, {
    state: 'accepted',
    code: 'ResolvedDelivered',
    message: `An operator found it billed${afterwards(record)}`,
    now,
    movedTo: null,
  })
  return findRecord(database, id)
}

/**
 * Sends the usage of an unresolved record again, AWS having not billed it: it goes to the first
 * unsealed hour of the file's owner, from the current one on. The record's own hour cannot be sent a
 * second time. Inside a transaction only. Throws RecordNotFound, RecordStateMismatch.
 */
export function resolveResend(
  database: DatabaseSync,
  id: number,
  { now, maxTagSets }: OperatorOptions,
): MeteringRecord {
  const record = findInState(database, id, 'unresolved', 'resolve')
  const keyId = Number(
    database.prepare('SELECT key_id FROM record WHERE id = ?').get(id)?.['key_id'],
  )
  const open = new OpenUsage(database, ownerOf(database), maxTagSets)
  const hour = open.firstUnsealedHour(keyId, hourOf(now))
  for (const { tags, quantity } of usageOf(record)) open.add(keyId, hour, tags, quantity)
  open.flush()
  close(database, record, {
    state: 'moved',
    code: 'ResolvedResend',
    message: `An operator had its usage billed with a later hour${afterwards(record)}`,
    now,
    movedTo: hour,
  })
  return findRecord(database, id)
}

/**
 * Lets the sender take a refused record at once instead of after its long pause. The content and the
 * memory of an ambiguous attempt stay: were that forgotten, a duplicate that is our own would be
 * billed a second time. The state is the one that settling.ts gives to a record that was not taken.
 * Inside a transaction only. Throws RecordNotFound, RecordStateMismatch.
 */
export function retryRefused(database: DatabaseSync, id: number): MeteringRecord {
  const record = findInState(database, id, 'refused', 'retry')
  const state: RecordState = record.ambiguous ? 'sending' : 'sealed'
  database.prepare('UPDATE record SET state = ? WHERE id = ?').run(state, id)
  return findRecord(database, id)
}

interface Closing {
  readonly state: RecordState
  readonly code: string
  readonly message: string
  readonly now: number
  readonly movedTo: number | null
}

function close(database: DatabaseSync, { id }: MeteringRecord, closing: Closing): void {
  const { state, code, message, now, movedTo } = closing
  database
    .prepare(
      `UPDATE record SET state = ?, last_code = ?, last_message = ?, settled_at = ?, moved_to = ?
       WHERE id = ?`,
    )
    .run(state, code, message, now, movedTo, id)
}

/** What AWS had said stays on record. */
function afterwards({ lastCode, lastMessage }: MeteringRecord): string {
  if (lastCode === undefined) return '.'
  return `; before that: ${lastCode}${lastMessage === undefined ? '.' : `: ${lastMessage}`}`
}

function findInState(
  database: DatabaseSync,
  id: number,
  state: RecordState,
  verb: 'resolve' | 'retry',
): MeteringRecord {
  const record = findRecord(database, id)
  if (record.state !== state)
    throw new SidecarError(
      'RecordStateMismatch',
      `Record ${id} is ${record.state}, and only ${state} records can be ${verb === 'resolve' ? 'resolved' : 'retried'}; nothing was changed. ${advice[record.state]}`,
    )
  return record
}

const advice: Readonly<Record<RecordState, string>> = {
  sealed: 'It waits to be sent, and the sidecar sends it by itself.',
  sending: 'The sidecar tries it until AWS answers.',
  accepted: 'It is settled.',
  refused: 'Mend what AWS complained about, then use "ledger retry".',
  unresolved:
    'Find out whether AWS billed it, then use "ledger resolve" with --delivered or --resend.',
  moved: 'It is settled: its usage went to a later hour.',
}

function ownerOf(database: DatabaseSync): number {
  const row = database
    .prepare(
      "SELECT id FROM resource WHERE identity = (SELECT value FROM meta WHERE name = 'owner')",
    )
    .get()
  return Number(row?.['id'])
}
