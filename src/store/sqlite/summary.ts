import type { DatabaseSync } from 'node:sqlite'
import { fromColumns, microPerWhole } from './amount-columns.ts'
import { LateUsage } from './late-usage.ts'
import { recordSummaryOf, selectRecordSummary } from './record-rows.ts'
import { hourMs } from '../../metering/hour.ts'
import { recordStates, type RecordState, type RecordSummary } from '../../metering/record.ts'
import type { OpenHour } from '../../metering/report.ts'
import type { LedgerGauges } from '../store.ts'

export interface UsageSummary {
  /** When this was the case, ms. */
  readonly now: number
  readonly open: readonly OpenHour[]
  readonly fractions: readonly { readonly dimension: string; readonly quantity: bigint }[]
  /** Of the last 48 hours: what came for a closed hour, by the hour that took it; it is counted there already. */
  readonly late: readonly OpenHour[]
  /** Sealed, sending and refused records, oldest first. */
  readonly pending: readonly RecordSummary[]
  /** Accepted, unresolved and moved records of the last 48 hours, newest first. */
  readonly settled: readonly RecordSummary[]
  /** Of any age. */
  readonly unresolvedCount: number
  readonly lastSuccessAt: number | undefined
  readonly lastFailure:
    { readonly at: number; readonly code: string; readonly message: string } | undefined
  readonly oldestUnsentHour: number | undefined
}

/** As much of a pending record as it takes to decide which one is sent next. */
export interface PendingRecord {
  readonly id: number
  /** AWS's key of the record without its hour: one attempt is made at a time for each slot. */
  readonly slot: number
  readonly hour: number
  readonly state: RecordState
  readonly lastCode: string | undefined
}

/** How far back the summary goes. */
export const summaryWindowMs = 48 * hourMs
const unsent = "('sealed', 'sending', 'refused')"

/** What the book holds, for people and dashboards. Reads only; its size follows the window, not the history. */
export class Summaries {
  readonly #database: DatabaseSync
  readonly #open
  readonly #fractions
  readonly #pending
  readonly #queue
  readonly #settled
  readonly #late
  readonly #unresolvedCount
  readonly #lastSuccess
  readonly #lastFailure
  readonly #oldest
  readonly #states
  readonly #unsentByDimension
  readonly #unsentByHour

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#open = this.#bigInts(
      `SELECT dimension, hour, SUM(whole) AS whole, SUM(micro) AS micro
       FROM open JOIN key ON key.id = key_id GROUP BY dimension, hour ORDER BY hour, dimension`,
    )
    this.#fractions = this.#bigInts(
      `SELECT dimension, fraction_whole AS whole, fraction_micro AS micro FROM key
       WHERE fraction_whole > 0 OR fraction_micro > 0 ORDER BY dimension`,
    )
    this.#pending = database.prepare(
      `${selectRecordSummary} WHERE record.state IN ${unsent} ORDER BY record.hour, record.id`,
    )
    this.#queue = database.prepare(
      `SELECT id, key_id, hour, state, last_code FROM record WHERE state IN ${unsent}
       ORDER BY hour, id`,
    )
    this.#settled = database.prepare(
      `${selectRecordSummary} WHERE record.state NOT IN ${unsent} AND record.hour >= ?
       ORDER BY record.hour DESC, record.id DESC LIMIT 5000`,
    )
    this.#late = new LateUsage(database)
    this.#unresolvedCount = database.prepare(
      "SELECT count(*) AS records FROM record WHERE state = 'unresolved'",
    )
    this.#lastSuccess = database.prepare(
      "SELECT max(settled_at) AS at FROM record WHERE state = 'accepted'",
    )
    this.#lastFailure = database.prepare(
      `SELECT last_attempt_at, last_code, last_message FROM record WHERE last_code NOT LIKE 'Resolved%'
       ORDER BY last_attempt_at DESC LIMIT 1`,
    )
    this.#oldest = database.prepare(`SELECT min(hour) AS hour FROM record WHERE state IN ${unsent}`)
    this.#states = database.prepare('SELECT state, count(*) AS records FROM record GROUP BY state')
    this.#unsentByHour = database.prepare(
      `SELECT hour, count(*) AS records FROM record WHERE state IN ${unsent} GROUP BY hour`,
    )
    this.#unsentByDimension = this.#bigInts(
      `SELECT dimension, divisor, SUM(quantity) AS quantity FROM record JOIN key ON key.id = key_id
       WHERE state IN ${unsent} GROUP BY dimension, divisor`,
    )
  }

  usage(now: number): UsageSummary {
    const failure = this.#lastFailure.get()
    const success = this.#lastSuccess.get()?.['at'] ?? null
    const since = now - summaryWindowMs
    return {
      now,
      open: this.#openHours(),
      fractions: this.#fractions.all().map((row) => ({
        dimension: String(row['dimension']),
        quantity: fromColumns(row['whole'] as bigint, row['micro'] as bigint),
      })),
      pending: this.#pending.all().map(recordSummaryOf),
      settled: this.#settled.all(since).map(recordSummaryOf),
      late: this.#late.since(since),
      unresolvedCount: Number(this.#unresolvedCount.get()?.['records']),
      lastSuccessAt: success === null ? undefined : Number(success),
      lastFailure:
        failure === undefined
          ? undefined
          : {
              at: Number(failure['last_attempt_at']),
              code: String(failure['last_code']),
              message: String(failure['last_message']),
            },
      oldestUnsentHour: this.#oldestUnsentHour(),
    }
  }

  gauges(): LedgerGauges {
    const states = new Map<RecordState, number>(recordStates.map((state) => [state, 0]))
    for (const row of this.#states.all())
      states.set(String(row['state']) as RecordState, Number(row['records']))
    const pending = new Map<string, bigint>()
    const add = (dimension: string, quantity: bigint) =>
      pending.set(dimension, (pending.get(dimension) ?? 0n) + quantity)
    for (const { dimension, quantity } of this.#openHours()) add(dimension, quantity)
    for (const row of this.#fractions.all())
      add(String(row['dimension']), fromColumns(row['whole'] as bigint, row['micro'] as bigint))
    for (const row of this.#unsentByDimension.all())
      add(
        String(row['dimension']),
        (row['quantity'] as bigint) * microPerWhole(row['divisor'] as bigint),
      )
    const unsentHours = new Map(
      this.#unsentByHour.all().map((row) => [Number(row['hour']), Number(row['records'])]),
    )
    return { states, pending, unsentHours, oldestUnsentHour: this.#oldestUnsentHour() }
  }

  /** Records that wait for AWS, oldest hour first. */
  pendingRecords(): PendingRecord[] {
    return this.#queue.all().map((row) => ({
      id: Number(row['id']),
      slot: Number(row['key_id']),
      hour: Number(row['hour']),
      state: String(row['state']) as RecordState,
      lastCode: row['last_code'] === null ? undefined : String(row['last_code']),
    }))
  }

  #openHours(): OpenHour[] {
    return this.#open.all().map((row) => ({
      dimension: String(row['dimension']),
      hour: Number(row['hour']),
      quantity: fromColumns(row['whole'] as bigint, row['micro'] as bigint),
    }))
  }

  #oldestUnsentHour(): number | undefined {
    const hour = this.#oldest.get()?.['hour'] ?? null
    return hour === null ? undefined : Number(hour)
  }

  #bigInts(sql: string) {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
}
