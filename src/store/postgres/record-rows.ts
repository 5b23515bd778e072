import { microPerUnit } from '../../metering/amount.ts'
import {
  mergeAllocations,
  type Allocation,
  type MeteringRecord,
  type RecordPart,
  type RecordSummary,
} from '../../metering/record.ts'
import { recordStateOf, unsentStates } from '../../metering/record-states.ts'
import type { ChannelName } from '../../metering/slot.ts'
import { canonicalTags, tagsOf } from '../../metering/tags.ts'
import type { Row, Session } from './connection/database.ts'
import type { Names } from './names.ts'

/** The columns of a record, without its parts; the caller appends WHERE and ORDER BY. */
export const selectRecords = `
  SELECT record.*, channel, holder, product_code, dimension, identity AS resource
  FROM marketplace_sidecar.record
  JOIN marketplace_sidecar.slot ON slot.id = slot_id
  JOIN marketplace_sidecar.resource ON resource.id = resource_id`

export const unsentSql = `(${unsentStates.map((state) => `'${state}'`).join(', ')})`

/** The whole records of rows of `selectRecords`, in their order. */
export async function wholeRecords(
  session: Session,
  names: Names,
  rows: readonly Row[],
): Promise<MeteringRecord[]> {
  if (rows.length === 0) return []
  const partRows = await session.query(
    `SELECT * FROM marketplace_sidecar.record_part WHERE record_id = ANY($1::bigint[])
     ORDER BY record_id, account_id`,
    [rows.map((row) => row['id'])],
  )
  await names.learn(session, partRows)
  const parts = Map.groupBy(partRows, (row) => row['record_id'])
  return rows.map((row) =>
    wholeRecord(
      row,
      (parts.get(row['id']) ?? []).map((part) => partOf(part, names)),
    ),
  )
}

function wholeRecord(row: Row, parts: readonly RecordPart[]): MeteringRecord {
  const summary = summaryOf(row)
  const [first] = parts
  return {
    ...summary,
    slot: {
      channel: String(row['channel']) as ChannelName,
      holder: String(row['holder']),
      productCode: summary.productCode,
      dimension: summary.dimension,
    },
    parts,
    allocations: mergeAllocations(parts),
    customer: first?.account.customer ?? '',
    divisor: first?.account.divisor ?? 1n,
  }
}

function partOf(row: Row, names: Names): RecordPart {
  return {
    account: names.account(row['account_id'] as number).key,
    quantity: unitsOf(row),
    allocations: allocationsOf(row['allocations'] as string | null),
  }
}

/** The record of a row of `selectRecords`, as lists hold it. */
export function summaryOf(row: Row): RecordSummary {
  const optional = <T>(column: string) => (row[column] as T | null) ?? undefined
  return {
    id: row['id'] as number,
    resource: String(row['resource']),
    productCode: String(row['product_code']),
    dimension: String(row['dimension']),
    hour: row['hour'] as number,
    timestamp: row['timestamp'] as number,
    quantity: unitsOf(row),
    clientToken: String(row['client_token']),
    state: recordStateOf(String(row['state'])),
    attempts: row['attempts'] as number,
    inFlight: row['in_flight'] === true,
    ambiguous: row['ambiguous'] === true,
    meteringRecordId: optional<string>('metering_record_id'),
    lastCode: optional<string>('last_code'),
    lastMessage: optional<string>('last_message'),
    sealedAt: row['sealed_at'] as number,
    firstAttemptAt: optional<number>('first_attempt_at'),
    lastAttemptAt: optional<number>('last_attempt_at'),
    settledAt: optional<number>('settled_at'),
    movedTo: optional<number>('moved_to'),
  }
}

/** The column form of allocations: pairs of tag pairs and whole units. */
export function allocationsColumn(allocations: RecordPart['allocations']): string | null {
  if (allocations === undefined) return null
  return JSON.stringify(allocations.map(({ tags, quantity }) => [tagsOf(tags), quantity]))
}

/** Columns hold millionths of AWS's unit, and every form that is sent today is whole. */
export function quantityColumn(units: number): string {
  return String(BigInt(units) * microPerUnit)
}

function unitsOf(row: Row): number {
  return (row['quantity'] as number) / Number(microPerUnit)
}

function allocationsOf(column: string | null): readonly Allocation[] | undefined {
  if (column === null) return undefined
  const pairs = JSON.parse(column) as [{ key: string; value: string }[], number][]
  return pairs.map(([tags, quantity]) => ({ tags: canonicalTags(tags), quantity }))
}
