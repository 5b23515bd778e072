import type { DatabaseSync } from 'node:sqlite'
import { fromColumns } from './amount.ts'
import { recordOf, selectRecord } from './record-rows.ts'
import { Summaries, type UsageSummary } from './summary.ts'
import type { RecordSummary, TagSet, UsageRecord } from './types.ts'

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
  readonly pending: readonly UsageRecord[]
  readonly settled: readonly UsageRecord[]
  readonly owner: BookOwner | undefined
  readonly openByTags: readonly OpenTagSet[]
  /** All of them, however old, oldest first. */
  readonly unresolved: readonly UsageRecord[]
}

/** Everything that an operator asks first: where the units are, and what waits for a decision. */
export function overviewOf(database: DatabaseSync, now: number): LedgerOverview {
  const summary = new Summaries(database).usage(now)
  const byId = database.prepare(`${selectRecord} WHERE record.id = ?`)
  const whole = ({ id }: RecordSummary) => byId.all(id).map(recordOf)
  return {
    ...summary,
    pending: summary.pending.flatMap(whole),
    settled: summary.settled.flatMap(whole),
    owner: ownerOf(database),
    openByTags: openByTags(database),
    unresolved: database
      .prepare(`${selectRecord} WHERE record.state = 'unresolved' ORDER BY record.hour, record.id`)
      .all()
      .map(recordOf),
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
