import type { DatabaseSync } from 'node:sqlite'
import { microPerWhole } from './amount-columns.ts'
import type { OpenUsage } from './open-usage.ts'
import { recordOf, selectRecord } from './record-rows.ts'
import type { OpenCell } from '../../metering/cell.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import type { RecordState, Settlement, MeteringRecord } from '../../metering/record.ts'
import { untagged } from '../../metering/tags.ts'

/** The life of a record after it was sealed: sending, then settled in one of five ways. */
export class Settling {
  readonly #open: OpenUsage
  readonly #byId
  readonly #keyOf
  readonly #mark
  readonly #close
  readonly #move
  readonly #recover

  constructor(database: DatabaseSync, open: OpenUsage) {
    this.#open = open
    this.#byId = database.prepare(`${selectRecord} WHERE record.id = ?`)
    this.#keyOf = database.prepare('SELECT key_id FROM record WHERE id = ?')
    this.#mark = database.prepare(
      `UPDATE record SET state = 'sending', attempts = attempts + 1, last_attempt_at = ?1,
              first_attempt_at = coalesce(first_attempt_at, ?1)
       WHERE id = ?2 AND state IN ('sealed', 'sending', 'refused')`,
    )
    this.#close = database.prepare(
      `UPDATE record SET state = ?, ambiguous = ?, metering_record_id = ?, last_code = ?,
              last_message = ?, settled_at = ? WHERE id = ?`,
    )
    this.#move = database.prepare('UPDATE record SET moved_to = ? WHERE id = ?')
    this.#recover = database.prepare(
      "UPDATE record SET ambiguous = 1 WHERE state = 'sending' AND ambiguous = 0",
    )
  }

  /** What was being sent when the process died may have arrived. */
  recover(): void {
    this.#recover.run()
  }

  /** Before an attempt. Undefined when the record no longer waits to be sent. */
  markSending(id: number, now: number): MeteringRecord | undefined {
    return Number(this.#mark.run(now, id).changes) === 0 ? undefined : this.#read(id)
  }

  /** After an attempt. A record that somebody settled meanwhile stays as it is. */
  settle(id: number, settlement: Settlement, now: number): MeteringRecord {
    const record = this.#read(id)
    if (record.state !== 'sending') return record
    switch (settlement.kind) {
      case 'accepted':
        return this.#set(record, 'accepted', { ambiguous: false, settledAt: now, settlement })
      case 'not-taken':
        return this.#set(record, record.ambiguous ? 'sending' : 'sealed', { settlement })
      case 'unknown':
        return this.#set(record, 'sending', { ambiguous: true, settlement })
      case 'refused':
        return this.#set(record, 'refused', { settlement })
      case 'hour-taken':
        return record.ambiguous
          ? this.#set(record, 'unresolved', { settledAt: now, settlement })
          : this.#moveOn(record, record.hour + hourMs, now, settlement)
      case 'too-late':
        if (record.ambiguous) return this.#set(record, 'unresolved', { settledAt: now, settlement })
        return settlement.policy === 'hold'
          ? this.#set(record, 'refused', { settlement })
          : this.#moveOn(record, Math.max(hourOf(now), record.hour + hourMs), now, settlement)
    }
  }

  #moveOn(
    record: MeteringRecord,
    from: number,
    now: number,
    settlement: Settlement,
  ): MeteringRecord {
    const keyId = Number(this.#keyOf.get(record.id)?.['key_id'])
    const hour = this.#open.firstUnsealedHour(keyId, from)
    for (const { tags, quantity } of usageOf(record)) this.#open.add(keyId, hour, tags, quantity)
    this.#open.flush()
    this.#move.run(hour, record.id)
    return this.#set(record, 'moved', { settledAt: now, settlement })
  }

  #set(
    record: MeteringRecord,
    state: RecordState,
    change: { ambiguous?: boolean; settledAt?: number; settlement: Settlement },
  ): MeteringRecord {
    const { settlement } = change
    const accepted = settlement.kind === 'accepted'
    this.#close.run(
      state,
      (change.ambiguous ?? record.ambiguous) ? 1 : 0,
      accepted ? settlement.meteringRecordId : null,
      accepted ? null : settlement.code,
      accepted ? null : settlement.message,
      change.settledAt ?? null,
      record.id,
    )
    return this.#read(record.id)
  }

  #read(id: number): MeteringRecord {
    const row = this.#byId.get(id)
    if (row === undefined) throw new TypeError(`there is no record ${id}`)
    return recordOf(row)
  }
}

/** The usage of a record in micro-units by tag set, as it goes back to an open hour. */
export function usageOf(record: MeteringRecord): OpenCell[] {
  const unit = microPerWhole(record.divisor)
  const parts = record.allocations ?? [{ tags: untagged, quantity: record.quantity }]
  return parts
    .filter(({ quantity }) => quantity > 0)
    .map(({ tags, quantity }) => ({ tags, quantity: BigInt(quantity) * unit }))
}
