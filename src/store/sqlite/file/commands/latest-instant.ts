import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fastClockNote } from '../../../summary.ts'
import { ledgerFileName } from '../open-database.ts'

/**
 * The latest instant that the ledger of a demo in `directory` knows of, or undefined. A clock that does
 * not start with the machine's time continues from here, so that its hours do not run twice. In any
 * other ledger such an instant is that of a clock that was wrong for a while.
 */
export function latestInstant(directory: string): number | undefined {
  const path = join(directory, ledgerFileName)
  if (!existsSync(path)) return undefined
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true })
    const row = database
      .prepare(
        `SELECT max(coalesce((SELECT max(hour) FROM open), 0),
                    coalesce((SELECT max(max(sealed_at, coalesce(last_attempt_at, 0))) FROM record), 0)
                ) AS instant
         WHERE EXISTS (SELECT 1 FROM note WHERE name = ?)`,
      )
      .get(fastClockNote)
    return Number(row?.['instant']) || undefined
  } catch {
    // A file that cannot be read is the ledger's to judge, when it is opened.
    return undefined
  } finally {
    database?.close()
  }
}
