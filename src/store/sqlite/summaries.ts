import type { DatabaseSync } from 'node:sqlite'
import { decisionCodes } from '../../metering/record/decisions.ts'
import { heldReasonOf } from '../../metering/held.ts'
import {
  recordStateOf,
  recordStates,
  recordStateTable,
  type RecordState,
} from '../../metering/record/record-states.ts'
import type { OpenHour } from '../../metering/report.ts'
import {
  mostListed,
  retiredNote,
  summaryWindowMs,
  type AccountFraction,
  type HeldUsageSummary,
  hoursOfGuard,
  type LedgerGauges,
  type PendingPage,
  type PendingRecord,
  type UsageSummary,
} from '../summary.ts'
import { amountOf, onlyRow, type Row } from './amount-columns.ts'
import { meaningName } from '../../metering/account.ts'
import { meaningOfRow } from '../account-row.ts'
import { Names } from './names.ts'
import { ReadingRows } from './reading-rows.ts'
import { summaryOf } from '../record-row.ts'
import { selectSummaries } from './record-rows.ts'
import { heldSql, unsentSql } from './sqlite-view.ts'

const decisions = decisionCodes.map((code) => `'${code}'`).join(', ')

const beforeAll = { hour: Number.MIN_SAFE_INTEGER, id: 0 }

/** What the book holds, for people and dashboards. Reads only; its size follows the window, not the history. */
export class Summaries {
  readonly #database: DatabaseSync
  readonly #readings: ReadingRows
  readonly #open
  readonly #openByForm
  readonly #fractions
  readonly #retired
  readonly #held
  readonly #pending
  readonly #queue
  readonly #queueOfHour
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
    this.#readings = new ReadingRows(database, new Names(database))
    this.#open = this.#bigInts(
      `SELECT dimension, hour, SUM(whole) AS whole, SUM(micro) AS micro
       FROM open_sum JOIN account ON account.id = account_id GROUP BY dimension, hour
       ORDER BY hour, dimension`,
    )
    this.#openByForm = this.#bigInts(
      `SELECT dimension, hour, form = 'unregistered' AS waits, SUM(whole) AS whole, SUM(micro) AS micro
       FROM open_sum JOIN account ON account.id = account_id
       JOIN registration ON registration.id = registration_id
       GROUP BY dimension, hour, waits ORDER BY hour`,
    )
    this.#fractions = this.#bigInts(
      `SELECT product_code, dimension, divisor, aggregate, scope, SUM(fraction_whole) AS whole,
              SUM(fraction_micro) AS micro, min(id) AS first
       FROM account WHERE fraction_whole > 0 OR fraction_micro > 0
       GROUP BY dimension, product_code, divisor, aggregate, scope ORDER BY dimension, first`,
    )
    this.#retired = database.prepare(
      `SELECT value FROM note WHERE name = ? AND resource_id =
         (SELECT id FROM resource WHERE identity = (SELECT value FROM meta WHERE name = 'owner'))`,
    )
    this.#held = this.#bigInts(heldSql)
    this.#pending = database.prepare(
      `${selectSummaries} WHERE record.id IN (SELECT id FROM record INDEXED BY record_unsent
         WHERE state IN ${unsentSql} ORDER BY hour, id LIMIT ?)
       ORDER BY record.hour, record.id`,
    )
    const queued = `SELECT id, slot_id, hour, state, last_code FROM record INDEXED BY record_unsent
       WHERE state IN ${unsentSql}`
    this.#queueOfHour = database.prepare(`${queued} AND hour = ?1 AND id > ?2 ORDER BY id LIMIT ?3`)
    this.#queue = database.prepare(`${queued} AND hour > ?1 ORDER BY hour, id LIMIT ?2`)
    this.#settled = database.prepare(
      `${selectSummaries} WHERE record.state NOT IN ${unsentSql} AND record.hour >= ?
       ORDER BY record.hour DESC, record.id DESC LIMIT ${mostListed}`,
    )
    this.#late = this.#bigInts(
      'SELECT dimension, hour, whole, micro FROM late_usage WHERE hour >= ? ORDER BY hour, dimension',
    )
    this.#unresolvedCount = database.prepare(
      "SELECT coalesce(sum(records), 0) AS records FROM record_count WHERE state = 'unresolved'",
    )
    this.#lastSuccess = database.prepare(
      "SELECT max(settled_at) AS at FROM record WHERE state = 'accepted'",
    )
    this.#lastFailure = database.prepare(
      `SELECT last_attempt_at, last_code, last_message FROM record
       WHERE last_code IS NOT NULL AND last_code NOT IN (${decisions})
       ORDER BY last_attempt_at DESC LIMIT 1`,
    )
    this.#oldest = database.prepare(
      `SELECT min(hour) AS hour FROM record INDEXED BY record_unsent WHERE state IN ${unsentSql}`,
    )
    this.#states = database.prepare('SELECT state, records FROM record_count')
    this.#unsentByHour = database.prepare(
      `SELECT hour, count(*) AS records FROM record INDEXED BY record_unsent
       WHERE state IN ${unsentSql} GROUP BY hour`,
    )
    this.#unsentByDimension = this.#bigInts(
      'SELECT dimension, divisor, whole, micro FROM unsent_sum WHERE whole <> 0 OR micro <> 0',
    )
  }

  /** Lists as many records that wait as `most`; all when that is less than 0. */
  usage(now: number, most = mostListed): UsageSummary {
    const failure = this.#lastFailure.get()
    const { at: success = null } = onlyRow(this.#lastSuccess.get())
    const since = now - summaryWindowMs
    return {
      now,
      open: this.#openHours(),
      readings: this.#readings.summary(now),
      fractions: this.#accountFractions(),
      held: this.#heldUsage(),
      pending: this.#pending.all(most).map(summaryOf),
      pendingCount: this.#countUnsent(),
      settled: this.#settled.all(since).map(summaryOf),
      late: this.#late.all(since).map(openHourOf),
      unresolvedCount: Number(onlyRow(this.#unresolvedCount.get())['records']),
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
    const before = process.threadCpuUsage()
    const gauges = this.#readGauges()
    const { user, system } = process.threadCpuUsage(before)
    return { ...gauges, cpuSeconds: (user + system) / 1e6 }
  }

  #readGauges(): LedgerGauges {
    const states = new Map<RecordState, number>(recordStates.map((state) => [state, 0]))
    for (const row of this.#states.all())
      states.set(recordStateOf(String(row['state'])), Number(row['records']))
    const pending = new Map<string, bigint>()
    const add = (dimension: string, quantity: bigint) =>
      pending.set(dimension, (pending.get(dimension) ?? 0n) + quantity)
    const open = this.#openByForm
      .all()
      .map((row) => ({ ...openHourOf(row), waits: row['waits'] === 1n }))
    for (const { dimension, quantity } of open) add(dimension, quantity)
    for (const row of this.#fractions.all()) add(String(row['dimension']), amountOf(row))
    for (const row of this.#unsentByDimension.all())
      add(String(row['dimension']), amountOf(row) * (row['divisor'] as bigint))
    const held = new Map<string, bigint>()
    const heldUsage = this.#heldUsage()
    for (const { dimension, quantity } of heldUsage) {
      held.set(dimension, (held.get(dimension) ?? 0n) + quantity)
      add(dimension, quantity)
    }
    const unsentHours = new Map(
      this.#unsentByHour.all().map((row) => [Number(row['hour']), Number(row['records'])]),
    )
    const oldestUnsentHour = this.#oldestUnsentHour()
    const first = open.find(({ waits }) => !waits)?.hour
    const openHours = [first, this.#readings.oldestOpenHour()].filter((hour) => hour !== undefined)
    return {
      states,
      pending,
      held,
      guardedHours: hoursOfGuard(heldUsage),
      unsentHours,
      oldestUnsentHour,
      oldestOpenHour: openHours.length === 0 ? undefined : Math.min(...openHours),
      oldestUnregisteredHour: open.find(({ waits }) => waits)?.hour,
    }
  }

  hasOpenReadings(before: number): boolean {
    return this.#readings.hasOpenBefore(before)
  }

  /** Records that wait for AWS, oldest hour first. */
  pendingRecords({ after = beforeAll, limit = -1 }: PendingPage = {}): PendingRecord[] {
    const rows = this.#queueOfHour.all(after.hour, after.id, limit)
    if (rows.length !== limit) rows.push(...this.#queue.all(after.hour, limit - rows.length))
    return rows.map((row) => ({
      id: Number(row['id']),
      slot: Number(row['slot_id']),
      hour: Number(row['hour']),
      state: recordStateOf(String(row['state'])),
      lastCode: row['last_code'] === null ? undefined : String(row['last_code']),
    }))
  }

  #accountFractions(): AccountFraction[] {
    const row = this.#retired.get(retiredNote)
    const retired = new Set<unknown>(row === undefined ? [] : JSON.parse(String(row['value'])))
    return this.#fractions.all().map((each) => {
      const key = meaningOfRow(each)
      const { dimension, productCode, divisor } = key
      const quantity = amountOf(each)
      return { dimension, productCode, divisor, quantity, retired: retired.has(meaningName(key)) }
    })
  }

  #heldUsage(): HeldUsageSummary[] {
    return this.#held.all().map((row) => ({
      id: Number(row['id']),
      customer: String(row['customer']),
      ...openHourOf(row),
      reason: heldReasonOf(String(row['reason'])),
      since: Number(row['since']),
    }))
  }

  #openHours(): OpenHour[] {
    return this.#open.all().map(openHourOf)
  }

  #countUnsent(): number {
    const isUnsent = (row: Row) => recordStateTable[recordStateOf(String(row['state']))].unsent
    return this.#states
      .all()
      .filter(isUnsent)
      .reduce((sum, row) => sum + Number(row['records']), 0)
  }

  #oldestUnsentHour(): number | undefined {
    const { hour = null } = onlyRow(this.#oldest.get())
    return hour === null ? undefined : Number(hour)
  }

  #bigInts(sql: string) {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
}

function openHourOf(row: Row): OpenHour {
  return {
    dimension: String(row['dimension']),
    hour: Number(row['hour']),
    quantity: amountOf(row),
  }
}
