import type { DatabaseSync } from 'node:sqlite'
import { microPerUnit } from '../../metering/amount.ts'
import {
  mergeAllocations,
  type Allocation,
  type MeteringRecord,
  type RecordPart,
  type RecordSummary,
} from '../../metering/record.ts'
import { recordStateOf } from '../../metering/record-states.ts'
import type { ChannelName } from '../../metering/slot.ts'
import { canonicalTags, tagsOf } from '../../metering/tags.ts'
import type { Row } from './amount-columns.ts'
import type { Names } from './names.ts'

/** The columns of a record, without its parts; the caller appends WHERE and ORDER BY. */
export const selectRecords = `
  SELECT record.*, channel, holder, product_code, dimension, identity AS resource
  FROM record JOIN slot ON slot.id = slot_id JOIN resource ON resource.id = resource_id`

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
    const summary = summaryOf(row)
    const parts = this.#parts.all(summary.id).map((part) => this.#partOf(part))
    const [first] = parts
    return {
      ...summary,
      slot: {
        channel: text(row, 'channel') as ChannelName,
        holder: text(row, 'holder'),
        productCode: summary.productCode,
        dimension: summary.dimension,
      },
      parts,
      allocations: mergeAllocations(parts),
      customer: first?.account.customer ?? '',
      divisor: first?.account.divisor ?? 1n,
    }
  }

  #partOf(row: Row): RecordPart {
    return {
      account: this.#names.account(integer(row, 'account_id')).key,
      quantity: unitsOf(row),
      allocations: allocationsOf(optionalText(row, 'allocations')),
    }
  }
}

/** The record of a row of `selectRecords`, as lists hold it. */
export function summaryOf(row: Row): RecordSummary {
  return {
    id: integer(row, 'id'),
    resource: text(row, 'resource'),
    productCode: text(row, 'product_code'),
    dimension: text(row, 'dimension'),
    hour: integer(row, 'hour'),
    timestamp: integer(row, 'timestamp'),
    quantity: unitsOf(row),
    clientToken: text(row, 'client_token'),
    state: recordStateOf(text(row, 'state')),
    attempts: integer(row, 'attempts'),
    inFlight: integer(row, 'in_flight') === 1,
    ambiguous: integer(row, 'ambiguous') === 1,
    meteringRecordId: optionalText(row, 'metering_record_id'),
    lastCode: optionalText(row, 'last_code'),
    lastMessage: optionalText(row, 'last_message'),
    sealedAt: integer(row, 'sealed_at'),
    firstAttemptAt: optionalInteger(row, 'first_attempt_at'),
    lastAttemptAt: optionalInteger(row, 'last_attempt_at'),
    settledAt: optionalInteger(row, 'settled_at'),
    movedTo: optionalInteger(row, 'moved_to'),
  }
}

/** The column form of allocations: pairs of tag pairs and whole units. */
export function allocationsColumn(allocations: RecordPart['allocations']): string | null {
  if (allocations === undefined) return null
  return JSON.stringify(allocations.map(({ tags, quantity }) => [tagsOf(tags), quantity]))
}

/** Columns hold millionths of AWS's unit, and every form that is sent today is whole. */
export function quantityColumn(units: number): bigint {
  return BigInt(units) * microPerUnit
}

function unitsOf(row: Row): number {
  return integer(row, 'quantity') / Number(microPerUnit)
}

function allocationsOf(column: string | undefined): readonly Allocation[] | undefined {
  if (column === undefined) return undefined
  const pairs = JSON.parse(column) as [{ key: string; value: string }[], number][]
  return pairs.map(([tags, quantity]) => ({ tags: canonicalTags(tags), quantity }))
}

function text(row: Row, column: string): string {
  return String(row[column])
}

function integer(row: Row, column: string): number {
  return Number(row[column])
}

function optionalText(row: Row, column: string): string | undefined {
  const value = row[column] ?? null
  return value === null ? undefined : String(value)
}

function optionalInteger(row: Row, column: string): number | undefined {
  const value = row[column] ?? null
  return value === null ? undefined : Number(value)
}
