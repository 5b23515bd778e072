import type { DatabaseSync } from 'node:sqlite'
import { amountsOf, type Reading, type ReadingAggregate } from '../../metering/reading.ts'
import type { ReadingChanges, ReadingHour, ReadingView } from '../readings.ts'
import type { OpenReadings } from '../summary.ts'
import type { OpenAccountHour } from '../view.ts'
import { amountOf, onlyRow, toColumns, type Row } from './amount-columns.ts'
import type { Names } from './names.ts'

const hourKey = 'account_id = ? AND resource_id = ? AND hour = ?'

/** Readings in the file. Statements are prepared when they are first needed: most books have no readings. */
export class ReadingRows implements ReadingView {
  readonly #database: DatabaseSync
  readonly #names: Names
  readonly #prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()

  constructor(database: DatabaseSync, names: Names) {
    this.#database = database
    this.#names = names
  }

  hour(key: OpenAccountHour): ReadingHour | undefined {
    const ids = this.#names.hourIds(key)
    const row = ids && this.#get(`SELECT * FROM reading_hour WHERE ${hourKey}`).get(...ids)
    return row && this.#hourOf(row)
  }

  openHours(): ReadingHour[] {
    return this.#get('SELECT * FROM reading_hour WHERE closed = 0 ORDER BY account_id, hour')
      .all()
      .map((row) => this.#hourOf(row))
  }

  one(key: OpenAccountHour, tags: string, name: string): Reading | undefined {
    const ids = this.#names.hourIds(key)
    const row =
      ids &&
      this.#get(`SELECT * FROM reading WHERE ${hourKey} AND tags = ? AND key = ?`).get(
        ...ids,
        tags,
        name,
      )
    return row && readingOf(row)
  }

  all(key: OpenAccountHour): Reading[] {
    const ids = this.#names.hourIds(key)
    if (ids === undefined) return []
    return this.#get(`SELECT * FROM reading WHERE ${hourKey} ORDER BY tags, key`)
      .all(...ids)
      .map(readingOf)
  }

  hasOpenBefore(before: number): boolean {
    return (
      this.#get('SELECT 1 FROM reading_hour WHERE closed = 0 AND hour < ? LIMIT 1').get(before) !==
      undefined
    )
  }

  oldestOpenHour(): number | undefined {
    const { hour = null } = onlyRow(
      this.#get('SELECT min(hour) AS hour FROM reading_hour WHERE closed = 0').get(),
    )
    return hour === null ? undefined : Number(hour)
  }

  /** What open hours hold at the instant `now`, by hour and dimension. */
  summary(now: number): OpenReadings[] {
    return this.openHours()
      .map((hour) => this.#summaryOf(hour, now))
      .toSorted((a, b) => a.hour - b.hour || (a.dimension < b.dimension ? -1 : 1))
  }

  /** Inside a transaction only. */
  write({ dropped, hours, rows }: ReadingChanges): void {
    for (const key of dropped)
      for (const table of ['reading', 'reading_hour'])
        this.#get(`DELETE FROM ${table} WHERE ${hourKey}`).run(...this.#names.makeHour(key))
    for (const { closed, count, ...key } of hours)
      this.#get('INSERT OR REPLACE INTO reading_hour VALUES (?, ?, ?, ?, ?)').run(
        ...this.#names.makeHour(key),
        closed ? 1 : 0,
        count,
      )
    for (const { reading, ...key } of rows) {
      const { whole, micro } = toColumns(reading.quantity)
      this.#get('INSERT OR REPLACE INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
        ...this.#names.makeHour(key),
        reading.tags,
        reading.key,
        whole,
        micro,
        reading.at,
        reading.until,
      )
    }
  }

  forget(before: number): void {
    const old = 'FROM reading_hour WHERE closed = 1 AND hour < ?1'
    this.#get(
      `DELETE FROM reading WHERE (account_id, resource_id, hour) IN
         (SELECT account_id, resource_id, hour ${old})`,
    ).run(before)
    this.#get(`DELETE ${old}`).run(before)
  }

  /** Members are many and their values say nothing, so they are only counted. */
  #summaryOf(open: ReadingHour, now: number): OpenReadings {
    const { account, hour, count } = open
    const { dimension } = account.key
    const aggregate = account.key.aggregate as ReadingAggregate
    const quantity =
      aggregate === 'unique'
        ? BigInt(count) * 1_000_000n
        : amountsOf(aggregate, this.all(open), hour, now).reduce(
            (sum, cell) => sum + cell.quantity,
            0n,
          )
    return { dimension, hour, aggregate, count, quantity }
  }

  #hourOf(row: Row): ReadingHour {
    return {
      account: this.#names.account(Number(row['account_id'])),
      resource: this.#names.resource(Number(row['resource_id'])),
      hour: Number(row['hour']),
      closed: Number(row['closed']) === 1,
      count: Number(row['readings']),
    }
  }

  #get(sql: string) {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    this.#prepared.set(sql, statement)
    return statement
  }
}

function readingOf(row: Row): Reading {
  return {
    tags: String(row['tags']),
    key: String(row['key']),
    quantity: amountOf(row),
    at: Number(row['at']),
    until: Number(row['until']),
  }
}
