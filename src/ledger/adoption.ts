import type { DatabaseSync } from 'node:sqlite'
import { toColumns } from './amount.ts'
import { recordOf, selectRecord } from './record-rows.ts'
import { usageOf } from './settling.ts'
import { hourOf, type UsageRecord } from './types.ts'

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
 * not taken becomes open usage of the new owner's current hour, and what AWS may have taken becomes
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
    if (adoptedFrom !== undefined) adopt(database, hourOf(now), now)
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

function adopt(database: DatabaseSync, hour: number, now: number): void {
  const add = database.prepare(
    `INSERT INTO open (key_id, hour, tags, whole, micro) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET whole = whole + excluded.whole + (micro + excluded.micro) / 1000000,
                               micro = (micro + excluded.micro) % 1000000`,
  )
  const cells = database.prepare(
    'SELECT key_id, hour, tags, whole, micro FROM open WHERE hour <> ?',
  )
  cells.setReadBigInts(true)
  for (const row of cells.all(hour)) {
    const { key_id: keyId = 0, tags = '', whole = 0, micro = 0 } = row
    add.run(keyId, hour, tags, whole, micro)
  }
  database.prepare('DELETE FROM open WHERE hour <> ?').run(hour)

  database
    .prepare(
      `UPDATE record SET state = 'unresolved', settled_at = ?
       WHERE state IN ('sealed', 'sending', 'refused') AND (ambiguous = 1 OR state = 'sending')`,
    )
    .run(now)
  const keyOf = database.prepare('SELECT key_id FROM record WHERE id = ?')
  const move = database.prepare(
    "UPDATE record SET state = 'moved', moved_to = ?, settled_at = ? WHERE id = ?",
  )
  for (const record of untaken(database)) {
    const keyId = Number(keyOf.get(record.id)?.['key_id'])
    for (const { tags, quantity } of usageOf(record)) {
      const { whole, micro } = toColumns(quantity)
      add.run(keyId, hour, tags, whole, micro)
    }
    move.run(hour, now, record.id)
  }
}

function untaken(database: DatabaseSync): UsageRecord[] {
  return database
    .prepare(`${selectRecord} WHERE record.state IN ('sealed', 'refused')`)
    .all()
    .map(recordOf)
}
