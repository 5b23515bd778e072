import type { SQLOutputValue } from 'node:sqlite'
import { canonicalTags, tagsOf } from '../../metering/tags.ts'
import {
  recordStates,
  type Allocation,
  type RecordState,
  type RecordSummary,
  type SealedContent,
  type MeteringRecord,
} from '../../metering/record.ts'

type Row = Record<string, SQLOutputValue>

const joined = `key.customer, key.dimension, resource.identity AS resource
  FROM record JOIN key ON key.id = record.key_id JOIN resource ON resource.id = record.resource_id`

/** Joins what a MeteringRecord needs; the caller appends its WHERE. */
export const selectRecord = `SELECT record.*, ${joined}`

/** The same for a RecordSummary: allocations are many pages of the file, and nobody looks at them. */
export const selectRecordSummary = `
  SELECT record.id, product_code, hour, timestamp, quantity, divisor, client_token, state, attempts,
         ambiguous, metering_record_id, last_code, last_message, sealed_at, first_attempt_at,
         last_attempt_at, settled_at, moved_to, ${joined}`

export function recordOf(row: Row): MeteringRecord {
  return { ...recordSummaryOf(row), allocations: allocationsOf(row['allocations'] ?? null) }
}

export function recordSummaryOf(row: Row): RecordSummary {
  return {
    id: integer(row, 'id'),
    customer: text(row, 'customer'),
    resource: text(row, 'resource'),
    productCode: text(row, 'product_code'),
    dimension: text(row, 'dimension'),
    hour: integer(row, 'hour'),
    timestamp: integer(row, 'timestamp'),
    quantity: integer(row, 'quantity'),
    divisor: BigInt(integer(row, 'divisor')),
    clientToken: text(row, 'client_token'),
    state: stateOf(text(row, 'state')),
    attempts: integer(row, 'attempts'),
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
export function allocationsColumn(allocations: SealedContent['allocations']): string | null {
  if (allocations === undefined) return null
  return JSON.stringify(allocations.map(({ tags, quantity }) => [tagsOf(tags), quantity]))
}

function allocationsOf(column: SQLOutputValue): readonly Allocation[] | undefined {
  if (column === null) return undefined
  const pairs = JSON.parse(String(column)) as [{ key: string; value: string }[], number][]
  return pairs.map(([tags, quantity]) => ({ tags: canonicalTags(tags), quantity }))
}

function stateOf(name: string): RecordState {
  const state = recordStates.find((candidate) => candidate === name)
  if (state === undefined) throw new TypeError(`record state ${name} is not known`)
  return state
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
