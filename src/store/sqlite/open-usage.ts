import type { DatabaseSync } from 'node:sqlite'
import { fromColumns, toColumns } from './amount-columns.ts'
import type { OpenCell } from '../../metering/cell.ts'
import { hourMs } from '../../metering/hour.ts'
import { untagged, type TagSet } from '../../metering/tags.ts'

interface PendingCell {
  readonly keyId: number
  readonly hour: number
  readonly tags: TagSet
  quantity: bigint
}

/**
 * The place `open`: usage of hours that are not sealed, by key, hour and tag set. Additions are
 * summed up in memory and written by `flush`, inside the same transaction.
 */
export class OpenUsage {
  readonly #resourceId: number
  readonly #maxTagSets: number
  readonly #upsert
  readonly #cells
  readonly #delete
  readonly #exists
  readonly #countTagged
  readonly #closed
  readonly #pending = new Map<string, PendingCell>()
  /** By key and hour: never less than the tag sets that it holds. It saves a look-up for each report. */
  readonly #tagSetsAtMost = new Map<string, number>()
  /** Keys and hours that take no further tag set. */
  readonly #full = new Set<string>()
  readonly #unsealed = new Map<string, number>()
  #overflowed = new Map<number, number>()

  constructor(database: DatabaseSync, resourceId: number, maxTagSets: number) {
    this.#resourceId = resourceId
    this.#maxTagSets = maxTagSets
    this.#upsert = database.prepare(
      `INSERT INTO open (key_id, hour, tags, whole, micro) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET whole = whole + excluded.whole + (micro + excluded.micro) / 1000000,
                                 micro = (micro + excluded.micro) % 1000000`,
    )
    this.#cells = database.prepare(
      'SELECT tags, whole, micro FROM open WHERE key_id = ? AND hour = ? ORDER BY tags',
    )
    this.#cells.setReadBigInts(true)
    this.#delete = database.prepare('DELETE FROM open WHERE key_id = ? AND hour = ?')
    this.#exists = database.prepare('SELECT 1 FROM open WHERE key_id = ? AND hour = ? AND tags = ?')
    this.#countTagged = database.prepare(
      "SELECT count(*) AS sets FROM open WHERE key_id = ? AND hour = ? AND tags <> ''",
    )
    this.#closed = database.prepare(
      'SELECT 1 FROM record WHERE key_id = ? AND resource_id = ? AND hour = ?',
    )
  }

  /** Reports by key that went to the untagged bucket since the last call, an hour having too many tag sets. */
  takeOverflowed(): Map<number, number> {
    const overflowed = this.#overflowed
    this.#overflowed = new Map()
    return overflowed
  }

  /**
   * The first hour, from `hour` on, for which this task or pod has no record of the key. AWS takes one
   * record for each, so an hour with a record is closed whatever became of it.
   */
  firstUnsealedHour(keyId: number, hour: number): number {
    const name = `${keyId}|${hour}`
    const known = this.#unsealed.get(name)
    if (known !== undefined) return known
    let candidate = hour
    while (this.#closed.get(keyId, this.#resourceId, candidate) !== undefined) candidate += hourMs
    this.#unsealed.set(name, candidate)
    return candidate
  }

  /** Adds to an hour that is not sealed. */
  add(keyId: number, hour: number, tags: TagSet, quantity: bigint): void {
    const name = `${keyId}|${hour}|${tags}`
    const pending = this.#pending.get(name)
    if (pending !== undefined) pending.quantity += quantity
    else if (tags === untagged || this.#hasRoom(keyId, hour, tags))
      this.#pending.set(name, { keyId, hour, tags, quantity })
    else {
      this.#overflowed.set(keyId, (this.#overflowed.get(keyId) ?? 0) + 1)
      this.add(keyId, hour, untagged, quantity)
    }
  }

  /** All that an hour of a key holds, in the order of the tag sets. */
  cells(keyId: number, hour: number): OpenCell[] {
    this.flush()
    return this.#cells.all(keyId, hour).map((row) => ({
      tags: String(row['tags']),
      quantity: fromColumns(row['whole'] as bigint, row['micro'] as bigint),
    }))
  }

  /** Takes an hour of a key out of the place. The caller has put its usage somewhere else. */
  remove(keyId: number, hour: number): void {
    this.#delete.run(keyId, hour)
    this.#tagSetsAtMost.delete(`${keyId}|${hour}`)
    this.#full.delete(`${keyId}|${hour}`)
  }

  /** Writes what was added; to be called before the transaction ends or anything else reads. */
  flush(): void {
    for (const { keyId, hour, tags, quantity } of this.#pending.values()) {
      const { whole, micro } = toColumns(quantity)
      this.#upsert.run(keyId, hour, tags, whole, micro)
    }
    this.#pending.clear()
    this.#unsealed.clear()
  }

  /** Forgets what was added and everything that was read, after a rollback. */
  clear(): void {
    this.#pending.clear()
    this.#unsealed.clear()
    this.#tagSetsAtMost.clear()
    this.#full.clear()
    this.#overflowed.clear()
  }

  #hasRoom(keyId: number, hour: number, tags: TagSet): boolean {
    const name = `${keyId}|${hour}`
    const atMost = this.#tagSetsAtMost.get(name) ?? this.#maxTagSets
    if (atMost < this.#maxTagSets) {
      this.#tagSetsAtMost.set(name, atMost + 1)
      return true
    }
    if (this.#full.has(name)) return this.#exists.get(keyId, hour, tags) !== undefined
    this.flush()
    const sets = Number(this.#countTagged.get(keyId, hour)?.['sets'] ?? 0)
    this.#tagSetsAtMost.set(name, sets)
    if (sets >= this.#maxTagSets) this.#full.add(name)
    return this.#hasRoom(keyId, hour, tags)
  }
}
