import type { AwsClock } from '../aws/aws-clock.ts'
import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { LateUsagePolicy, MeteringRecord, Settlement } from '../metering/record/record.ts'
import { recordStateTable } from '../metering/record/record-states.ts'
import type { PendingRecord } from '../store/summary.ts'
import type { AttemptLog } from './attempt-log.ts'
import type { Channel, SendOutcome } from './channel.ts'
import type { Pauses } from './pauses.ts'
import { sendRecords } from './send-record.ts'

export interface AttemptOptions {
  readonly ledger: Pick<Ledger, 'markAll' | 'settleAll' | 'resealRecord'>
  readonly channel: Channel
  readonly api: MeteringApi
  readonly clock: Clock
  /** What is known of AWS's time; `clock` follows it. */
  readonly awsTime?: Pick<AwsClock, 'isKnown'> | undefined
  readonly events: Events
  readonly lateUsage: LateUsagePolicy
  /** Receives every answer: a failure, or undefined when AWS accepted a record. */
  readonly onAnswer: (failure: MeteringFailure | undefined) => void
  /** Receives the hour that a record's usage went back to. */
  readonly usageArrived: (hour: number) => void
}

interface AttemptsOptions extends AttemptOptions {
  readonly pauses: Pauses
  readonly log: AttemptLog
  /** Whether the sidecar is ending. */
  readonly isEnding: () => boolean
  /** Called when what was found ready to send may no longer be so, or no longer in that order. */
  readonly outdated: () => void
}

/**
 * Carries out one attempt: marks the records, makes the call, stores the answers and decides what waits after
 * them. An answer that could not be stored is kept, and stored before anything is asked again.
 */
export class Attempts {
  readonly #options: AttemptsOptions
  /** How many records a call may have that has this one: fewer after a call failed that one of its records can fail. */
  readonly #callSizes = new Map<number, number>()
  /** Answers that the ledger could not store, by record: no further attempt begins before they are stored. */
  readonly #unstored = new Map<number, SendOutcome>()

  constructor(options: AttemptsOptions) {
    this.#options = options
  }

  /** How many records a call may have at most that has this one. */
  callSizeOf(id: number): number {
    return this.#callSizes.get(id) ?? this.#options.channel.batch
  }

  /** Makes one attempt for records that one call can carry. Rejects when the ledger could not store it. */
  async make(records: readonly PendingRecord[]): Promise<void> {
    const { ledger, pauses, outdated } = this.#options
    const waiting = records.filter(({ id }) => this.#unstored.has(id))
    // What AWS has answered is stored before anything is asked again.
    if (waiting.length === 0) await this.#send(records)
    const answered = records.flatMap((record) => {
      const outcome = this.#unstored.get(record.id)
      return outcome === undefined ? [] : [{ record, outcome }]
    })
    for (const record of records)
      if (!this.#unstored.has(record.id)) {
        pauses.pauseSlot(record.slot)
        outdated()
      }
    const settled = await ledger.settleAll(
      answered.map(({ record, outcome }) => [record.id, outcome.settlement]),
    )
    for (const [index, { record, outcome }] of answered.entries()) {
      this.#unstored.delete(record.id)
      const now = settled[index]
      if (now !== undefined) await this.#answered(record, now, outcome, answered.length)
    }
  }

  /** Marks the records, makes one call for those that still wait, and keeps their outcomes. */
  async #send(records: readonly PendingRecord[]): Promise<void> {
    const marked = await this.#options.ledger.markAll(records.map(({ id }) => id))
    const outcomes = await sendRecords(marked, this.#options)
    for (const [index, { id }] of marked.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined) this.#unstored.set(id, outcome)
    }
  }

  async #answered(
    { id, slot }: PendingRecord,
    settled: MeteringRecord,
    { settlement, failure, bisect }: SendOutcome,
    callSize: number,
  ): Promise<void> {
    const { onAnswer, usageArrived, pauses, log, isEnding } = this.#options
    log.answered(settled, failure)
    onAnswer(failure)
    if (bisect === true && callSize > 1) {
      // Without a pause: AWS answers, and may accept each of the others.
      this.#callSizes.set(id, Math.ceil(callSize / 2))
      return pauses.freeSlot(slot)
    }
    if (recordStateTable[settled.state].settled) this.#callSizes.delete(id)
    const after = await this.#sealedAgain(settled, settlement.kind)
    if (failure?.kind === 'throttled' && !isEnding()) {
      pauses.pauseTask()
      pauses.freeSlot(slot)
    } else this.#pause({ id, slot }, after.state, settlement.kind)
    if (after.state === 'moved' && after.movedTo !== undefined) usageArrived(after.movedTo)
  }

  /**
   * A record whose tags AWS refused is billed without them, rather than not at all, and one whose name it does
   * not know under the name that replaces it. One that a fast clock sealed for the hour that is not over at AWS
   * gets a time of now, where that is not waited for.
   */
  async #sealedAgain(record: MeteringRecord, kind: Settlement['kind']): Promise<MeteringRecord> {
    if (record.state !== 'refused' && kind !== 'too-early') return record
    const { ledger, channel, log } = this.#options
    const resealed = await ledger.resealRecord(record.id, (resource, content) =>
      channel.clientTokenOf(resource, content),
    )
    if (resealed?.state === 'sealed' && record.state === 'refused') log.untagged(resealed)
    return resealed ?? record
  }

  /** Decides what waits after an answer: the slot, or the record alone. */
  #pause(
    { id, slot }: Pick<PendingRecord, 'id' | 'slot'>,
    state: PendingRecord['state'],
    kind: Settlement['kind'],
  ): void {
    const { pauses, outdated } = this.#options
    if (kind === 'unknown' && pauses.noteUnknown(id)) {
      pauses.freeSlot(slot)
      return pauses.pauseRecord(id, 'unknown')
    }
    // AWS has answered, so it may do so for the records too that it did not answer for.
    if (kind === 'accepted') {
      // They come before later hours again.
      if (pauses.freeUnknown()) outdated()
      pauses.easeTask()
    }
    if (state === 'sealed' || state === 'sending') pauses.pauseSlot(slot)
    else pauses.freeSlot(slot)
    if (state === 'refused') pauses.pauseRecord(id, 'refused')
    else if (kind !== 'unknown') pauses.freeRecord(id)
  }
}
