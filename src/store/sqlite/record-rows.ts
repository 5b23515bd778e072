import type { DatabaseSync } from 'node:sqlite'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { partOf, wholeRecord } from '../record-row.ts'
import type { Row } from './amount-columns.ts'
import type { Names } from './names.ts'

const select = (more: string) => `
  SELECT record.*, channel, holder, product_code, dimension, identity AS resource${more}
  FROM record JOIN slot ON slot.id = slot_id JOIN resource ON resource.id = resource_id`

/** The columns of a record, without its parts; the caller appends WHERE and ORDER BY. */
export const selectRecords = select('')

/** The same with the customer of the first part, for lists. */
export const selectSummaries = select(`,
  (SELECT customer FROM record_part JOIN account ON account.id = account_id
   JOIN registration ON registration.id = registration_id
   WHERE record_id = record.id ORDER BY account_id LIMIT 1) AS customer`)

/** Reads records with their parts. Allocations are many pages of the file: lists leave them out. */
export class RecordRows {
  readonly #names: Names
  readonly #byId
  readonly #parts

  constructor(database: DatabaseSync, names: Names) {
    this.#names = names
    this.#byId = database.prepare(`${selectRecords} WHERE record.id = ?`)
    this.#parts = database.prepare(
      'SELECT * FROM record_part WHERE record_id = ? ORDER BY account_id',
    )
  }

  byId(id: number): MeteringRecord | undefined {
    const row = this.#byId.get(id)
    return row && this.whole(row)
  }

  /** The record of a row of `selectRecords`. */
  whole(row: Row): MeteringRecord {
    const parts = this.#parts.all(Number(row['id']))
    return wholeRecord(
      row,
      parts.map((part) => partOf(part, this.#names)),
    )
  }
}
