import type { DatabaseSync } from 'node:sqlite'
import { onlyRow } from '../amount-columns.ts'
import { countKeys, shortenKeys } from '../claim-rows.ts'
import { migrateFromSchema1, type MeaningOf } from './from-schema-1.ts'
import { schema2 } from './schema-2.ts'
import { schema3 } from './schema-3.ts'
import { schema4 } from './schema-4.ts'

/** Raised with every change of the tables; a newer file than the program knows is refused. */
export const schemaVersion = 4

/** The version of a file's tables; 0 for a new file. */
export function schemaVersionOf(database: DatabaseSync): number {
  return Number(onlyRow(database.prepare('PRAGMA user_version').get())['user_version'])
}

/** Makes the tables of a new file, or brings an older one up to date, in one transaction. */
export function migrate(database: DatabaseSync, now: number, meaningOf: MeaningOf): void {
  const version = schemaVersionOf(database)
  if (version === schemaVersion) return
  database.exec('BEGIN IMMEDIATE')
  try {
    if (version === 0) database.exec(schema2)
    else if (version === 1) migrateFromSchema1(database, now, meaningOf)
    if (version < 3) {
      database.exec(schema3)
      shortenKeys(database)
    }
    database.exec(schema4)
    countKeys(database)
    database.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`)
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
