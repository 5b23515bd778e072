import type { MeteringRecord } from '../../metering/record/record.ts'
import { recordStateTable } from '../../metering/record/record-states.ts'
import type { Changes, NewRecord, Resealed } from '../../store/changes.ts'
import type { BookView } from '../../store/view.ts'
import type { NamedSlot } from './account-slots.ts'
import { closedName } from './page-names.ts'

/** A record that gets its id when the group is committed. */
export interface InsertedRecord extends NewRecord {
  id: number
}

/** The records of the book under what a group of commands has done to them. It moves no usage: the page does. */
export class PageRecords {
  readonly #view: BookView
  readonly #inserted: InsertedRecord[] = []
  /** Slots and hours that were closed by this group. */
  readonly #closed = new Set<string>()
  /** Those that this group has changed, as they are now. */
  readonly #changed = new Map<number, MeteringRecord>()
  readonly #resealed = new Map<number, Resealed>()
  /** Those that this group has sent by another task or pod, and changes in nothing else. */
  readonly #senders = new Map<number, MeteringRecord>()

  constructor(view: BookView) {
    this.#view = view
  }

  /** Whether the slot has a record of this hour. */
  has({ slot, name }: NamedSlot, hour: number): boolean {
    const byThisGroup = this.#closed.size > 0 && this.#closed.has(closedName(name, hour))
    return byThisGroup || this.#view.isClosed(slot, hour)
  }

  /** Puts a record in, which closes its slot for the hour. */
  insert(slotName: string, record: NewRecord): InsertedRecord {
    const inserted = { ...record, id: 0 }
    this.#inserted.push(inserted)
    this.#closed.add(closedName(slotName, record.content.hour))
    return inserted
  }

  /** The hours of which this group has sealed a record of a holder. */
  sealedHours(holder: string): number[] {
    const own = this.#inserted.filter(({ slot }) => slot.holder === holder)
    return own.map(({ content }) => content.hour)
  }

  one(id: number): MeteringRecord | undefined {
    return this.#changed.get(id) ?? this.#senders.get(id) ?? this.#view.record(id)
  }

  /** The id of the record that bears AWS's id. */
  withMeteringId(meteringRecordId: string): number | undefined {
    for (const [id, record] of this.#changed)
      if (record.meteringRecordId === meteringRecordId) return id
    return this.#view.recordWithMeteringId(meteringRecordId)
  }

  /** Those of hours after `after` that wait for AWS, of this task or pod and of those that it takes over. */
  unsent(after?: number): MeteringRecord[] {
    return this.#view
      .unsentRecords(after)
      .map((record) => this.#changed.get(record.id) ?? record)
      .filter(({ state }) => recordStateTable[state].unsent)
  }

  /** Those of which an attempt is under way, or was when its process ended. */
  inFlight(): MeteringRecord[] {
    return this.#view.inFlightRecords().map((record) => this.#changed.get(record.id) ?? record)
  }

  /** Those that others left who are gone, as far as they still wait for AWS and for someone to send them. */
  left(resource: string): MeteringRecord[] {
    return this.#view
      .leftRecords(resource)
      .map((record) => this.one(record.id) ?? record)
      .filter((record) => record.resource !== resource && recordStateTable[record.state].unsent)
  }

  /** Keeps a record as it is now. */
  set(record: MeteringRecord): void {
    this.#changed.set(record.id, record)
  }

  /** Keeps the content that a record is sent with from now on. */
  reseal({ id, timestamp, clientToken }: MeteringRecord, isUntagged: boolean): void {
    this.#resealed.set(id, { timestamp, clientToken, isUntagged })
  }

  /** Has a record sent by another task or pod. */
  giveTo(resource: string, record: MeteringRecord): void {
    this.#senders.set(record.id, { ...record, resource })
  }

  changes(): Pick<Changes, 'newRecords' | 'records' | 'resealed' | 'senders'> {
    return {
      newRecords: this.#inserted,
      records: this.#changed,
      resealed: this.#resealed,
      senders: new Map([...this.#senders].map(([id, { resource }]) => [id, resource])),
    }
  }

  /** Gives the new records the ids that they got when the group was committed. */
  assignIds(ids: readonly number[]): void {
    for (const [index, inserted] of this.#inserted.entries()) inserted.id = ids[index] ?? 0
  }
}
