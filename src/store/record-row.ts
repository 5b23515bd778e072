import type { Account } from '../metering/account.ts'
import { microPerUnit, type QuantityForm } from '../metering/amount.ts'
import { formatQuantity, parseQuantity } from '../metering/quantity.ts'
import {
  mergeAllocations,
  type Allocation,
  type MeteringRecord,
  type RecordPart,
  type RecordSummary,
} from '../metering/record/record.ts'
import { recordStateOf } from '../metering/record/record-states.ts'
import type { ChannelName, Slot } from '../metering/slot.ts'
import { canonicalTags, tagsOf } from '../metering/tags.ts'
import { integer, optionalInteger, optionalText, text, type Row } from './row.ts'

/** The whole record of a row with its slot's columns, and its parts. */
export function wholeRecord(row: Row, parts: readonly RecordPart[]): MeteringRecord {
  const [first] = parts
  return {
    ...ownColumnsOf(row),
    slot: slotOfRow(row),
    parts,
    allocations: mergeAllocations(parts),
    customer: first?.account.customer ?? '',
    divisor: first?.account.divisor ?? 1n,
  }
}

/** The slot of a row with its columns. */
export function slotOfRow(row: Row): Slot {
  return {
    channel: text(row, 'channel') as ChannelName,
    holder: text(row, 'holder'),
    productCode: text(row, 'product_code'),
    dimension: text(row, 'dimension'),
  }
}

export function partOf(row: Row, names: { account(id: number): Account }): RecordPart {
  return {
    account: names.account(integer(row, 'account_id')).key,
    quantity: quantityOf(row),
    allocations: allocationsOf(optionalText(row, 'allocations')),
  }
}

/** The record of a row with its slot's columns and its customer, as lists hold it. */
export function summaryOf(row: Row): RecordSummary {
  return { ...ownColumnsOf(row), customer: optionalText(row, 'customer') ?? '' }
}

function ownColumnsOf(row: Row): Omit<RecordSummary, 'customer'> {
  return {
    id: integer(row, 'id'),
    resource: text(row, 'resource'),
    productCode: text(row, 'product_code'),
    dimension: text(row, 'dimension'),
    hour: integer(row, 'hour'),
    timestamp: integer(row, 'timestamp'),
    quantity: quantityOf(row),
    form: text(row, 'form') as QuantityForm,
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

/** The column form of allocations: pairs of tag pairs and whole units, or a text where they have a fraction. */
export function allocationsColumn(allocations: RecordPart['allocations']): string | null {
  if (allocations === undefined) return null
  return JSON.stringify(allocations.map(({ tags, quantity }) => [tagsOf(tags), unitsOf(quantity)]))
}

function unitsOf(quantity: bigint): number | string {
  return quantity % microPerUnit === 0n ? Number(quantity / microPerUnit) : formatQuantity(quantity)
}

function quantityOf(row: Row): bigint {
  return BigInt(row['quantity'] as number | bigint | string)
}

function allocationsOf(column: string | undefined): readonly Allocation[] | undefined {
  if (column === undefined) return undefined
  const pairs = JSON.parse(column) as [{ key: string; value: string }[], number | string][]
  return pairs.map(([tags, units]) => ({ tags: canonicalTags(tags), quantity: microOf(units) }))
}

function microOf(units: number | string): bigint {
  if (typeof units === 'number') return BigInt(units) * microPerUnit
  const quantity = parseQuantity(units)
  if (!quantity.ok) throw new TypeError(`an allocation of ${units} units is not a quantity`)
  return quantity.value
}
