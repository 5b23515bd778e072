import type { DatabaseSync } from 'node:sqlite'
import { fromColumns } from './amount-columns.ts'
import { recordOf, recordSummaryOf, selectRecord, selectRecordSummary } from './record-rows.ts'
import { Summaries, type UsageSummary } from './summary.ts'
import type { RecordSummary, MeteringRecord } from '../../metering/record.ts'
import type { TagSet } from '../../metering/tags.ts'

export interface OpenTagSet {
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly tags: TagSet
  readonly quantity: bigint
}

export interface BookOwner {
  readonly identity: string
  readonly firstSeenAt: number
}

export interface LedgerOverview extends UsageSummary {
  readonly owner: BookOwner | undefined
  readonly openByTags: readonly OpenTagSet[]
  /** All of them, however old, oldest first. */
  readonly unresolved: readonly RecordSummary[]
}

/** The same with the allocations of every record. */
export interface WholeOverview extends LedgerOverview {
  readonly pending: readonly MeteringRecord[]
  readonly settled: readonly MeteringRecord[]
  readonly unresolved: readonly MeteringRecord[]
}

/** Everything that an operator asks first: where the units are, and what waits for a decision. */
export function overviewOf(database: DatabaseSync, now: number): LedgerOverview {
  return {
    ...new Summaries(database).usage(now),
    owner: ownerOf(database),
    openByTags: openByTags(database),
    unresolved: database
      .prepare(
        `${selectRecordSummary} WHERE record.state = 'unresolved' ORDER BY record.hour, record.id`,
      )
      .all()
      .map(recordSummaryOf),
  }
}

/** For programs. Its size follows the allocations, which are by far the most of a book with tags. */
export function wholeOverviewOf(database: DatabaseSync, now: number): WholeOverview {
  const overview = overviewOf(database, now)
  const byId = database.prepare(`${selectRecord} WHERE record.id = ?`)
  const whole = ({ id }: RecordSummary) => byId.all(id).map(recordOf)
  return {
    ...overview,
    pending: overview.pending.flatMap(whole),
    settled: overview.settled.flatMap(whole),
    unresolved: overview.unresolved.flatMap(whole),
  }
}

/** Undefined while nobody has opened the book. */
export function ownerOf(database: DatabaseSync): BookOwner | undefined {
  const row = database
    .prepare(
      `SELECT identity, first_seen FROM resource
       WHERE identity = (SELECT value FROM meta WHERE name = 'owner')`,
    )
    .get()
  return row && { identity: String(row['identity']), firstSeenAt: Number(row['first_seen']) }
}

function openByTags(database: DatabaseSync): OpenTagSet[] {
  const statement = database.prepare(
    `SELECT customer, dimension, hour, tags, whole, micro FROM open JOIN key ON key.id = key_id
     ORDER BY hour, dimension, customer, tags`,
  )
  statement.setReadBigInts(true)
  return statement.all().map((row) => ({
    customer: String(row['customer']),
    dimension: String(row['dimension']),
    hour: Number(row['hour']),
    tags: String(row['tags']),
    quantity: fromColumns(row['whole'] as bigint, row['micro'] as bigint),
  }))
}
