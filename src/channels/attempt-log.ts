import type { FailureKind, MeteringFailure } from '../aws/metering-api.ts'
import { wordsOfFailure } from '../aws/words-of-failure.ts'
import { toIso, type Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { MeteringRecord } from '../metering/record/record.ts'
import { acceptedAfterMove } from '../ledger/settling/settle-record.ts'
import { FailureReminders } from './failure-reminders.ts'

interface AttemptLogOptions {
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
}

const queue = 'queue'

/** Logs and emits the outcome of every attempt to send a record. */
export class AttemptLog {
  readonly #options: AttemptLogOptions
  readonly #reminders = new FailureReminders()

  constructor(options: AttemptLogOptions) {
    this.#options = options
  }

  /** An answer is stored: the record as it stands after it, and why AWS did not accept it. */
  answered(record: MeteringRecord, failure: MeteringFailure | undefined): void {
    const { id, dimension, hour, quantity, meteringRecordId, state } = record
    this.#options.events.emit('recordAttempted', {
      id,
      dimension,
      hour,
      quantity,
      // AWS's yes can be that to another record.
      outcome: failure?.kind ?? (state === 'accepted' ? 'ok' : 'duplicate'),
      code: failure?.code ?? record.lastCode,
      message: failure?.message ?? record.lastMessage,
      meteringRecordId,
    })
    if (failure !== undefined) this.#failed(record, failure)
    if (record.settledAt !== undefined) this.#reminders.forget(String(id))
    const { log } = this.#options
    if (record.lastCode === acceptedAfterMove)
      log(
        'record.unresolved',
        `Record ${id} of ${dimension}: ${record.lastMessage}`,
        fieldsOf(record),
      )
    else if (state === 'moved' && record.movedTo !== undefined)
      log('record.moved', movedText(record, failure), fieldsOf(record))
    if (state === 'unresolved') log('record.unresolved', unresolvedText(record), fieldsOf(record))
  }

  /** AWS refused the tags of a record, which is sent again without them. */
  untagged(record: MeteringRecord): void {
    const { id, dimension, lastCode } = record
    this.#options.log(
      'record.untagged',
      `Record ${id} of ${dimension} is sent without its tags, which AWS refused (${lastCode}).`,
      fieldsOf(record),
    )
  }

  /** The ledger is full or has failed: an attempt, or its answer, is not in the book. */
  notStored(id: number, error: unknown): void {
    const { clock, log } = this.#options
    if (this.#reminders.isDue(String(id), 'not-stored', clock.elapsed()))
      log('record.not-stored', messageOf(error), { record: id })
  }

  /** The ledger could not say which records wait. */
  queueNotRead(error: unknown): void {
    const { clock, log } = this.#options
    const why = messageOf(error)
    if (this.#reminders.isDue(queue, why, clock.elapsed()))
      log(
        'records.not-read',
        `The records to send could not be read, and the sidecar tries again: ${why}`,
      )
  }

  /** The ledger said again which records wait. */
  queueRead(): void {
    this.#reminders.forget(queue)
  }

  #failed(record: MeteringRecord, failure: MeteringFailure): void {
    const { clock, log } = this.#options
    const isDue = this.#reminders.isDue(String(record.id), failure.code, clock.elapsed())
    log(isDue ? 'record.failed' : 'record.failed-again', wordsOfFailure(failure), {
      ...fieldsOf(record),
      code: failure.code,
      state: record.state,
      awsRequestId: failure.requestId,
    })
  }
}

function fieldsOf({ id, dimension, hour, lastCode }: MeteringRecord) {
  return { record: id, dimension, hour: toIso(hour), code: lastCode }
}

function movedText(
  { id, dimension, hour, lastCode, movedTo = hour }: MeteringRecord,
  failure: MeteringFailure | undefined,
): string {
  return `Record ${id} of ${dimension} could not be sent for its hour (${lastCode}), so its usage is sent with the hour ${toIso(movedTo)}. ${movedAdvice(failure?.kind, movedTo < hour)}`
}

function movedAdvice(kind: FailureKind | undefined, isEarlier: boolean): string {
  if (kind === 'out-of-window')
    return isEarlier
      ? "The clock of this machine is ahead of AWS's: check its time service."
      : 'It reached AWS too late, as after an outage. Nothing is lost, and if the outage is over, you need to do nothing.'
  return kind === 'duplicate'
    ? 'AWS has another record for that hour: if something else meters for this task or pod, stop it.'
    : ''
}

function unresolvedText({ id, dimension, lastCode }: MeteringRecord): string {
  return `Record ${id} of ${dimension} may have been billed, and AWS no longer says whether it was (${lastCode}). It is not sent again automatically. Look at the hour in the Marketplace reports, then run "marketplace-sidecar ledger resolve ${id}" with --delivered if AWS has billed it, or with --resend if not.`
}
