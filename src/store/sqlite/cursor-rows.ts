import type { DatabaseSync } from 'node:sqlite'
import type { Cursor, CursorChanges } from '../cursor.ts'
import { amountOf, toColumns } from './amount-columns.ts'
import type { Names } from './names.ts'

/** Cursors in the file. */
export class CursorRows {
  readonly #names: Names
  readonly #all
  readonly #put
  readonly #remove

  constructor(database: DatabaseSync, names: Names) {
    this.#names = names
    this.#all = database.prepare(
      'SELECT * FROM cursor WHERE resource_id = ? AND source = ? ORDER BY series',
    )
    this.#all.setReadBigInts(true)
    this.#put = database.prepare('INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?, ?)')
    this.#remove = database.prepare(
      'DELETE FROM cursor WHERE resource_id = ? AND source = ? AND series = ?',
    )
  }

  all(resource: string, source: string): Cursor[] {
    const id = this.#names.resourceId(resource)
    if (id === undefined) return []
    return this.#all.all(id, source).map((row) => ({
      resource,
      source,
      series: String(row['series']),
      value: amountOf(row),
      startedAt: row['started_at'] === null ? undefined : Number(row['started_at']),
      readAt: Number(row['read_at']),
    }))
  }

  /** Inside a transaction only. */
  write({ removed, put }: CursorChanges): void {
    for (const { resource, source, series } of removed)
      this.#remove.run(this.#names.ownerId(resource), source, series)
    for (const { resource, source, series, value, startedAt, readAt } of put) {
      const { whole, micro } = toColumns(value)
      this.#put.run(
        this.#names.ownerId(resource),
        source,
        series,
        whole,
        micro,
        startedAt ?? null,
        readAt,
      )
    }
  }
}
