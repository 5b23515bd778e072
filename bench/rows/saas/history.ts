import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { hourMs } from '../../../src/metering/hour.ts'

/**
 * Gives a closed ledger the records of earlier hours: copies of those that it has, with ids of their own, and
 * as much usage reported, so that it balances. The triggers, which would take most of the time, are away meanwhile.
 */
export function addHistory(directory: string, hours: number): void {
  const database = new DatabaseSync(join(directory, 'ledger.db'))
  const base = Number(database.prepare('SELECT max(hour) AS hour FROM record').get()?.['hour'])
  const records = database.prepare(
    `INSERT INTO record (slot_id, hour, resource_id, timestamp, quantity, form, client_token, state, in_flight,
       ambiguous, attempts, metering_record_id, sealed_at, first_attempt_at, last_attempt_at, settled_at)
     SELECT slot_id, hour - ?1, resource_id, timestamp - ?1, quantity, form, client_token, state, 0, 0, 1,
       lower(hex(randomblob(16))), sealed_at - ?1, first_attempt_at - ?1, last_attempt_at - ?1, settled_at - ?1
     FROM record WHERE hour = ?2`,
  )
  const parts = database.prepare(
    `INSERT INTO record_part (record_id, account_id, quantity)
     SELECT copy.id, account_id, record_part.quantity FROM record AS copy
     JOIN record AS base ON base.slot_id = copy.slot_id AND base.hour = ?2
     JOIN record_part ON record_id = base.id WHERE copy.hour = ?2 - ?1`,
  )
  const triggers = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all()
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`)
  for (let back = 1; back <= hours; back += 1) {
    database.exec('BEGIN')
    records.run(back * hourMs, base)
    parts.run(back * hourMs, base)
    database.exec('COMMIT')
  }
  database.exec(
    `UPDATE account SET reported_whole = reported_whole + ${hours} * whole
       FROM record_sum WHERE account_id = account.id;
     UPDATE record_sum SET whole = whole * ${hours + 1}, micro = micro * ${hours + 1};
     UPDATE record_count SET records = records * ${hours + 1};`,
  )
  for (const { sql } of triggers) database.exec(String(sql))
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}
