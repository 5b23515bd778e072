import type { DatabaseSync } from 'node:sqlite'
import { fromColumns } from './amount-columns.ts'
import { OpenUsage } from './open-usage.ts'
import { recordOf, selectRecord } from './record-rows.ts'
import { usageOf } from './settling.ts'
import { hourOf } from '../../metering/hour.ts'
import type { MeteringRecord } from '../../metering/record.ts'

export interface Owner {
  readonly id: number
  readonly identity: string
  /** When this task or pod first opened the file. */
  readonly firstSeenAt: number
  /** The task or pod that owned the file before, when it was another one. */
  readonly adoptedFrom: string | undefined
}

/**
 * Makes `identity` the owner of the file. When another task or pod owned it, what AWS certainly has
 * not taken becomes open usage of the new owner's current hour (or the first after it that it has no record of), and what AWS may have taken becomes
 * unresolved: nobody can send for a task that is gone. One transaction.
 */
export function takeOwnership(database: DatabaseSync, identity: string, now: number): Owner {
  database.exec('BEGIN IMMEDIATE')
  try {
    database
      .prepare('INSERT INTO resource (identity, first_seen) VALUES (?, ?) ON CONFLICT DO NOTHING')
      .run(identity, now)
    const row = database.prepare('SELECT * FROM resource WHERE identity = ?').get(identity)
    const before = database.prepare("SELECT value FROM meta WHERE name = 'owner'").get()?.['value']
    const adoptedFrom = before === undefined || before === identity ? undefined : String(before)
    if (adoptedFrom !== undefined) adopt(database, Number(row?.['id']), hourOf(now), now)
    database
      .prepare("INSERT INTO meta VALUES ('owner', ?1) ON CONFLICT DO UPDATE SET value = ?1")
      .run(identity)
    database.exec('COMMIT')
    return {
      id: Number(row?.['id']),
      identity,
      firstSeenAt: Number(row?.['first_seen']),
      adoptedFrom,
    }
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function adopt(database: DatabaseSync, ownerId: number, hour: number, now: number): void {
  // Whatever limit of tag sets there was, these sets were taken under it.
  const open = new OpenUsage(database, ownerId, Number.MAX_SAFE_INTEGER)
  database
    .prepare(
      `UPDATE record SET state = 'unresolved', settled_at = ?
       WHERE state IN ('sealed', 'sending', 'refused') AND (ambiguous = 1 OR state = 'sending')`,
    )
    .run(now)

  const cells = openCells(database)
  database.exec('DELETE FROM open')
  for (const { keyId, tags, quantity } of cells)
    open.add(keyId, open.firstUnsealedHour(keyId, hour), tags, quantity)

  const keyOf = database.prepare('SELECT key_id FROM record WHERE id = ?')
  const move = database.prepare(
    "UPDATE record SET state = 'moved', moved_to = ?, settled_at = ? WHERE id = ?",
  )
  for (const record of untaken(database)) {
    const keyId = Number(keyOf.get(record.id)?.['key_id'])
    const target = open.firstUnsealedHour(keyId, hour)
    for (const { tags, quantity } of usageOf(record)) open.add(keyId, target, tags, quantity)
    move.run(target, now, record.id)
  }
  open.flush()
}

function openCells(database: DatabaseSync): { keyId: number; tags: string; quantity: bigint }[] {
  const statement = database.prepare('SELECT key_id, tags, whole, micro FROM open')
  statement.setReadBigInts(true)
  return statement.all().map((row) => ({
    keyId: Number(row['key_id']),
    tags: String(row['tags']),
    quantity: fromColumns(row['whole'] as bigint, row['micro'] as bigint),
  }))
}

function untaken(database: DatabaseSync): MeteringRecord[] {
  return database
    .prepare(`${selectRecord} WHERE record.state IN ('sealed', 'refused')`)
    .all()
    .map(recordOf)
}
