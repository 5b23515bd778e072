import { decisionCodes } from '../../metering/record/decisions.ts'
import { heldReasonOf } from '../../metering/held.ts'
import {
  recordStateOf,
  recordStates,
  type RecordState,
} from '../../metering/record/record-states.ts'
import type { OpenHour } from '../../metering/report.ts'
import {
  hoursOfGuard,
  mostListed,
  retiredNote,
  summaryWindowMs,
  type AccountFraction,
  type HeldUsageSummary,
  type LedgerGauges,
  type UsageSummary,
  type VoidedUsageSummary,
} from '../summary.ts'
import type { Row, Session } from './connection/database.ts'
import { meaningName } from '../../metering/account.ts'
import { meaningOfRow } from '../account-row.ts'
import { Names } from './names.ts'
import { readingSummary } from './readings.ts'
import { summaryOf } from '../record-row.ts'
import { selectSummaries, unsentSql } from './record-rows.ts'

const decisions = decisionCodes.map((code) => `'${code}'`).join(', ')
/** Rows of the tasks or pods in view, which are those of the first value; null for all. */
const inView = '($1::int[] IS NULL OR resource_id = ANY($1))'

/** What the book holds, for people and dashboards, in one snapshot. Its size follows the window. */
export class Summaries {
  readonly #session: Session
  readonly #resources: readonly number[] | null
  readonly #owner: string | undefined

  constructor(session: Session, resources: readonly number[] | null, owner: string | undefined) {
    this.#session = session
    this.#resources = resources
    this.#owner = owner
  }

  /** Lists as many records that wait as `most`; all when that is null. */
  async usage(now: number, most: number | null = mostListed): Promise<UsageSummary> {
    const since = now - summaryWindowMs
    const [success] = await this.#rows(
      `SELECT max(settled_at) AS at FROM marketplace_sidecar.record WHERE ${inView} AND state = 'accepted'`,
    )
    const [unresolved] = await this.#rows(
      `SELECT count(*) AS records FROM marketplace_sidecar.record WHERE ${inView} AND state = 'unresolved'`,
    )
    const [unsent] = await this.#rows(
      `SELECT count(*) AS records FROM marketplace_sidecar.record WHERE ${inView} AND state IN ${unsentSql}`,
    )
    return {
      now,
      open: await this.#openHours(),
      readings: await readingSummary(this.#session, new Names(), this.#resources, now),
      fractions: await this.#fractions(),
      held: await this.#heldUsage(),
      pending: (
        await this.#rows(
          `${selectSummaries} WHERE ${inView} AND record.state IN ${unsentSql}
           ORDER BY record.hour, record.id LIMIT $2`,
          most,
        )
      ).map(summaryOf),
      pendingCount: unsent?.['records'] as number,
      settled: (
        await this.#rows(
          `${selectSummaries} WHERE ${inView} AND record.state NOT IN ${unsentSql} AND record.hour >= $2
           ORDER BY record.hour DESC, record.id DESC LIMIT ${mostListed}`,
          since,
        )
      ).map(summaryOf),
      late: (
        await this.#rows(
          `SELECT dimension, hour, SUM(micro) AS micro FROM marketplace_sidecar.late_usage
           WHERE ${inView} AND hour >= $2 GROUP BY dimension, hour ORDER BY hour, dimension COLLATE "C"`,
          since,
        )
      ).map(openHourOf),
      unresolvedCount: unresolved?.['records'] as number,
      lastSuccessAt: (success?.['at'] as number | null) ?? undefined,
      lastFailure: await this.#lastFailure(),
      oldestUnsentHour: await this.#oldestUnsentHour(),
    }
  }

  async gauges(): Promise<LedgerGauges> {
    const states = new Map<RecordState, number>(recordStates.map((state) => [state, 0]))
    for (const row of await this.#rows(
      `SELECT state, count(*) AS records FROM marketplace_sidecar.record WHERE ${inView} GROUP BY state`,
    ))
      states.set(recordStateOf(String(row['state'])), row['records'] as number)
    const pending = new Map<string, bigint>()
    const add = (sums: Map<string, bigint>, dimension: string, quantity: bigint) =>
      sums.set(dimension, (sums.get(dimension) ?? 0n) + quantity)
    const open = await this.#openHours()
    for (const { dimension, quantity } of open) add(pending, dimension, quantity)
    for (const { dimension, quantity } of await this.#fractions()) add(pending, dimension, quantity)
    for (const row of await this.#rows(
      `SELECT account.dimension, SUM(record_part.quantity::numeric * divisor) AS micro
       FROM marketplace_sidecar.record
       JOIN marketplace_sidecar.record_part ON record_id = record.id
       JOIN marketplace_sidecar.account ON account.id = account_id
       WHERE ${inView} AND state IN ${unsentSql} GROUP BY account.dimension`,
    ))
      add(pending, String(row['dimension']), row['micro'] as bigint)
    const held = new Map<string, bigint>()
    const heldUsage = await this.#heldUsage()
    for (const { dimension, quantity } of heldUsage) {
      add(held, dimension, quantity)
      add(pending, dimension, quantity)
    }
    const hours = await this.#rows(
      `SELECT hour, count(*) AS records FROM marketplace_sidecar.record
       WHERE ${inView} AND state IN ${unsentSql} GROUP BY hour`,
    )
    const unsentHours = new Map(
      hours.map((row) => [row['hour'] as number, row['records'] as number]),
    )
    return {
      states,
      pending,
      held,
      guardedHours: hoursOfGuard(heldUsage),
      unsentHours,
      oldestUnsentHour: await this.#oldestUnsentHour(),
      ...(await this.#oldestOpen()),
    }
  }

  /** The first open hours: of what can be sealed, readings included, and of customers who are not registered. */
  async #oldestOpen(): Promise<Pick<LedgerGauges, 'oldestOpenHour' | 'oldestUnregisteredHour'>> {
    const [reading] = await this.#rows(
      `SELECT min(hour) AS hour FROM marketplace_sidecar.reading_hour WHERE ${inView} AND NOT closed`,
    )
    const [{ first, waiting } = {}] = await this.#rows(
      `SELECT min(hour) FILTER (WHERE form <> 'unregistered') AS first,
              min(hour) FILTER (WHERE form = 'unregistered') AS waiting
       FROM marketplace_sidecar.open JOIN marketplace_sidecar.account ON account.id = account_id
       JOIN marketplace_sidecar.registration ON registration.id = registration_id WHERE ${inView}`,
    )
    const openHours = [first, reading?.['hour']]
      .map((hour) => (hour as number | null | undefined) ?? undefined)
      .filter((hour) => hour !== undefined)
    return {
      oldestOpenHour: openHours.length === 0 ? undefined : Math.min(...openHours),
      oldestUnregisteredHour: (waiting as number | null) ?? undefined,
    }
  }

  async #openHours(): Promise<OpenHour[]> {
    const rows = await this.#rows(
      `SELECT dimension, hour, SUM(micro) AS micro FROM marketplace_sidecar.open
       JOIN marketplace_sidecar.account ON account.id = account_id
       WHERE ${inView} GROUP BY dimension, hour ORDER BY hour, dimension COLLATE "C"`,
    )
    return rows.map(openHourOf)
  }

  /** Of the whole book: what is below a unit belongs to an account, not to the one that sealed it. */
  async #fractions(): Promise<AccountFraction[]> {
    const [note] = await this.#session.query(
      `SELECT value FROM marketplace_sidecar.note
       JOIN marketplace_sidecar.resource ON id = resource_id WHERE name = $1 AND identity = $2`,
      [retiredNote, this.#owner],
    )
    const retired = new Set<unknown>(note === undefined ? [] : JSON.parse(String(note['value'])))
    const rows = await this.#session.query(
      `SELECT product_code, dimension, divisor, aggregate, scope, SUM(fraction) AS micro
       FROM marketplace_sidecar.account WHERE fraction > 0
       GROUP BY dimension, product_code, divisor, aggregate, scope
       ORDER BY dimension COLLATE "C", min(id)`,
    )
    return rows.map((row) => {
      const key = meaningOfRow(row)
      const { dimension, productCode, divisor } = key
      const quantity = row['micro'] as bigint
      return { dimension, productCode, divisor, quantity, retired: retired.has(meaningName(key)) }
    })
  }

  async #heldUsage(): Promise<HeldUsageSummary[]> {
    const rows = await this.#rows(
      `SELECT min(held.id) AS id, customer, dimension, hour, SUM(micro) AS micro, reason,
              min(since) AS since
       FROM marketplace_sidecar.held JOIN marketplace_sidecar.account ON account.id = account_id
       JOIN marketplace_sidecar.registration ON registration.id = registration_id
       WHERE ${inView} GROUP BY account_id, resource_id, hour, reason, dimension, customer
       ORDER BY hour, id`,
    )
    return rows.map((row) => ({
      id: row['id'] as number,
      customer: String(row['customer']),
      ...openHourOf(row),
      reason: heldReasonOf(String(row['reason'])),
      since: row['since'] as number,
    }))
  }

  async #lastFailure(): Promise<UsageSummary['lastFailure']> {
    const [row] = await this.#rows(
      `SELECT last_attempt_at, last_code, last_message FROM marketplace_sidecar.record
       WHERE ${inView} AND last_code NOT IN (${decisions})
       ORDER BY last_attempt_at DESC NULLS LAST LIMIT 1`,
    )
    return (
      row && {
        at: row['last_attempt_at'] as number,
        code: String(row['last_code']),
        message: String(row['last_message']),
      }
    )
  }

  async #oldestUnsentHour(): Promise<number | undefined> {
    const [row] = await this.#rows(
      `SELECT min(hour) AS hour FROM marketplace_sidecar.record WHERE ${inView} AND state IN ${unsentSql}`,
    )
    return (row?.['hour'] as number | null) ?? undefined
  }

  #rows(sql: string, ...more: readonly unknown[]): Promise<readonly Row[]> {
    return this.#session.query(sql, [this.#resources, ...more])
  }
}

function openHourOf(row: Row): OpenHour {
  return {
    dimension: String(row['dimension']),
    hour: row['hour'] as number,
    quantity: row['micro'] as bigint,
  }
}

/** All that was written off, newest first. */
export async function voidedUsage(session: Session): Promise<VoidedUsageSummary[]> {
  const rows = await session.query(
    `SELECT void.*, product_code, customer, dimension FROM marketplace_sidecar.void
     JOIN marketplace_sidecar.account ON account.id = account_id
     JOIN marketplace_sidecar.registration ON registration.id = registration_id
     ORDER BY void.id DESC`,
  )
  return rows.map((row) => ({
    recordId: (row['record_id'] as number | null) ?? undefined,
    productCode: String(row['product_code']),
    customer: String(row['customer']),
    dimension: String(row['dimension']),
    hour: row['hour'] as number,
    tags: String(row['tags']),
    quantity: row['micro'] as bigint,
    reason: String(row['reason']),
    at: row['at'] as number,
  }))
}
