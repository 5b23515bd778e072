import type { DatabaseSync } from 'node:sqlite'
import type { Account } from '../../metering/account.ts'
import type { OpenCell } from '../../metering/cell.ts'
import { heldReasonOf } from '../../metering/held.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { unsentStates } from '../../metering/record/record-states.ts'
import type { Slot } from '../../metering/slot.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { Cursor } from '../cursor.ts'
import type { Retention } from '../retention.ts'
import type {
  BookView,
  HeldHour,
  MeaningSums,
  OpenAccountHour,
  SealableHours,
  SharedRole,
  StoredClaim,
} from '../view.ts'
import { meaningOfRow } from '../account-row.ts'
import { amountOf, fromColumns, onlyRow, type Row } from './amount-columns.ts'
import { ClaimRows } from './claim-rows.ts'
import { CursorRows } from './cursor-rows.ts'
import { moreToForgetSql } from './forgetting.ts'
import type { Names } from './names.ts'
import { ReadingRows } from './reading-rows.ts'
import { RegistrationRows, sealableSql } from './registration-rows.ts'
import { selectRecords, type RecordRows } from './record-rows.ts'

/** Held usage by hour, each under the first of its ids. */
export const heldSql = `
  SELECT min(held.id) AS id, account_id, resource_id, hour, reason, min(since) AS since, customer,
         dimension, SUM(whole) AS whole, SUM(micro) AS micro
  FROM held JOIN account ON account.id = account_id
  JOIN registration ON registration.id = registration_id
  GROUP BY account_id, resource_id, hour, reason ORDER BY hour, id`

export const unsentSql = `(${unsentStates.map((state) => `'${state}'`).join(', ')})`

/** The book as the rules see it, each answer a look-up in the file. */
export class SqliteView extends RegistrationRows implements BookView {
  readonly datesKeys = false
  readonly readings: ReadingRows
  readonly #names: Names
  readonly #records: RecordRows
  readonly #cursors: CursorRows
  readonly #claims: ClaimRows
  readonly #moreRecords
  readonly #isClosed
  readonly #reported
  readonly #accounts
  readonly #meanings
  readonly #unregistered
  readonly #fraction
  readonly #openHours
  readonly #sealable
  readonly #cells
  readonly #countTagSets
  readonly #hasTagSet
  readonly #withMeteringId
  readonly #isHeld
  readonly #heldHours
  readonly #heldCells
  readonly #note
  readonly #unsent
  readonly #inFlight
  readonly #left
  readonly #leftHours
  readonly #owner
  readonly #late

  constructor(database: DatabaseSync, names: Names, records: RecordRows) {
    super(database, names)
    this.#names = names
    this.#records = records
    this.readings = new ReadingRows(database, names)
    this.#cursors = new CursorRows(database, names)
    this.#claims = new ClaimRows(database)
    this.#moreRecords = database.prepare(moreToForgetSql)
    this.#isClosed = database.prepare('SELECT 1 FROM record WHERE slot_id = ? AND hour = ?')
    this.#reported = database.prepare(
      'SELECT reported_whole AS whole, reported_micro AS micro FROM account WHERE id = ?',
    )
    this.#reported.setReadBigInts(true)
    this.#accounts = database.prepare('SELECT id FROM account ORDER BY id')
    this.#meanings = database.prepare(
      `SELECT product_code, dimension, divisor, aggregate, scope,
              SUM(fraction_whole) AS whole, SUM(fraction_micro) AS micro,
              coalesce(SUM(open_whole), 0) AS open_whole, coalesce(SUM(open_micro), 0) AS open_micro
       FROM account LEFT JOIN (SELECT account_id, SUM(whole) AS open_whole, SUM(micro) AS open_micro
         FROM open_sum GROUP BY account_id) ON account_id = account.id
       GROUP BY product_code, dimension, divisor, aggregate, scope ORDER BY min(account.id)`,
    )
    this.#meanings.setReadBigInts(true)
    this.#unregistered = database.prepare(
      `SELECT account.id FROM account JOIN registration ON registration.id = registration_id
       WHERE form = 'unregistered' ORDER BY account.id`,
    )
    this.#fraction = database.prepare(
      'SELECT fraction_whole AS whole, fraction_micro AS micro FROM account WHERE id = ?',
    )
    this.#fraction.setReadBigInts(true)
    this.#openHours = database.prepare(
      `SELECT account_id, resource_id, hour FROM open_sum WHERE hour < ? AND hour > ?
       ORDER BY account_id, hour`,
    )
    this.#sealable = database.prepare(
      `SELECT DISTINCT account_id, resource_id, hour ${sealableSql}
       ORDER BY account_id, hour LIMIT ?3`,
    )
    const hour = 'account_id = ? AND resource_id = ? AND hour = ?'
    this.#cells = database.prepare(
      `SELECT tags, whole, micro FROM open WHERE ${hour} ORDER BY tags`,
    )
    this.#cells.setReadBigInts(true)
    this.#countTagSets = database.prepare(
      // A condition on the tags themselves would read all of them.
      `SELECT (SELECT count(*) FROM open WHERE ${hour})
            - (SELECT count(*) FROM open WHERE ${hour} AND tags = '') AS sets`,
    )
    this.#hasTagSet = database.prepare(`SELECT 1 FROM open WHERE ${hour} AND tags = ?`)
    this.#withMeteringId = database.prepare(
      'SELECT min(id) AS id FROM record WHERE metering_record_id = ?',
    )
    this.#isHeld = database.prepare(`SELECT 1 FROM held WHERE ${hour} LIMIT 1`)
    this.#heldHours = database.prepare(heldSql)
    this.#heldHours.setReadBigInts(true)
    this.#heldCells = database.prepare(
      `SELECT tags, whole, micro FROM held WHERE ${hour} AND reason = ? ORDER BY tags`,
    )
    this.#heldCells.setReadBigInts(true)
    this.#note = database.prepare('SELECT value FROM note WHERE resource_id = ? AND name = ?')
    this.#unsent = database.prepare(
      `${selectRecords} WHERE record.id IN
         (SELECT id FROM record INDEXED BY record_unsent WHERE state IN ${unsentSql} AND hour > ?)
       ORDER BY record.hour, record.id`,
    )
    const waiting = `${selectRecords} WHERE record.id IN
         (SELECT id FROM record INDEXED BY record_unsent WHERE state IN ${unsentSql})`
    this.#inFlight = database.prepare(`${waiting} AND in_flight ORDER BY record.hour, record.id`)
    this.#leftHours = database.prepare(
      `SELECT account_id, resource_id, hour FROM open_sum
       JOIN account ON account.id = account_id JOIN resource ON resource.id = resource_id
       WHERE identity <> ? AND registration_id = 0 AND scope <> 'cluster'
       ORDER BY account_id, hour`,
    )
    this.#left = database.prepare(`${waiting} AND identity <> ? ORDER BY record.hour, record.id`)
    this.#owner = database.prepare("SELECT value FROM meta WHERE name = 'owner'")
    this.#late = database.prepare(
      'SELECT whole, micro FROM late_usage WHERE hour = ? AND dimension = ?',
    )
    this.#late.setReadBigInts(true)
  }

  claim(token: string): StoredClaim | undefined {
    return this.#claims.find(token)
  }

  isClosed(slot: Slot, hour: number): boolean {
    const id = this.#names.slotId(slot)
    return id !== undefined && this.#isClosed.get(id, hour) !== undefined
  }

  reported(account: Account): bigint {
    const id = this.#names.accountId(account)
    return id === undefined ? 0n : amountOf(this.#reported.get(id) ?? {})
  }

  accounts(): Account[] {
    return this.#accounts.all().map((row) => this.#names.account(Number(row['id'])))
  }

  meanings(): MeaningSums[] {
    return this.#meanings.all().map((row) => ({
      key: meaningOfRow(row),
      open: fromColumns(row['open_whole'] as bigint, row['open_micro'] as bigint),
      fraction: fromColumns(row['whole'] as bigint, row['micro'] as bigint),
    }))
  }

  unregisteredAccounts(): Account[] {
    return this.#unregistered.all().map((row) => this.#names.account(Number(row['id'])))
  }

  fraction(account: Account): bigint {
    const id = this.#names.accountId(account)
    return id === undefined ? 0n : amountOf(this.#fraction.get(id) ?? {})
  }

  openHours(before: number, after = Number.MIN_SAFE_INTEGER): OpenAccountHour[] {
    return this.#openHours
      .all(Math.min(before, Number.MAX_SAFE_INTEGER), Math.max(after, Number.MIN_SAFE_INTEGER))
      .map((row) => this.#openHourOf(row))
  }

  /** The file has one process. */
  sharedRole(): SharedRole {
    return 'alone'
  }

  sealableHours({ before, endedBefore, limit = -1 }: SealableHours): OpenAccountHour[] {
    return this.#sealable.all(before, endedBefore, limit).map((row) => this.#openHourOf(row))
  }

  cells(open: OpenAccountHour): OpenCell[] {
    const ids = this.#names.hourIds(open)
    if (ids === undefined) return []
    return this.#cells
      .all(...ids)
      .map((row) => ({ tags: String(row['tags']), quantity: amountOf(row) }))
  }

  countTagSets(open: OpenAccountHour): number {
    const ids = this.#names.hourIds(open)
    return ids === undefined ? 0 : Number(onlyRow(this.#countTagSets.get(...ids, ...ids))['sets'])
  }

  hasTagSet(open: OpenAccountHour, tags: TagSet): boolean {
    const ids = this.#names.hourIds(open)
    return ids !== undefined && this.#hasTagSet.get(...ids, tags) !== undefined
  }

  isHeld(open: OpenAccountHour): boolean {
    const ids = this.#names.hourIds(open)
    return ids !== undefined && this.#isHeld.get(...ids) !== undefined
  }

  heldHours(): HeldHour[] {
    return this.#heldHours.all().map((row) => ({
      id: Number(row['id']),
      account: this.#names.account(Number(row['account_id'])),
      resource: this.#names.resource(Number(row['resource_id'])),
      hour: Number(row['hour']),
      reason: heldReasonOf(String(row['reason'])),
      since: Number(row['since']),
    }))
  }

  heldCells(held: HeldHour): OpenCell[] {
    const ids = this.#names.hourIds(held)
    if (ids === undefined) return []
    return this.#heldCells
      .all(...ids, held.reason)
      .map((row) => ({ tags: String(row['tags']), quantity: amountOf(row) }))
  }

  cursors(resource: string, source: string): Cursor[] {
    return this.#cursors.all(resource, source)
  }

  note(resource: string, name: string): string | undefined {
    const id = this.#names.resourceId(resource)
    const value = id === undefined ? undefined : this.#note.get(id, name)?.['value']
    return value === undefined ? undefined : String(value)
  }

  record(id: number): MeteringRecord | undefined {
    return this.#records.byId(id)
  }

  recordWithMeteringId(meteringRecordId: string): number | undefined {
    const { id = null } = onlyRow(this.#withMeteringId.get(meteringRecordId))
    return id === null ? undefined : Number(id)
  }

  unsentRecords(after = Number.MIN_SAFE_INTEGER): MeteringRecord[] {
    return this.#unsent.all(after).map((row) => this.#records.whole(row))
  }

  inFlightRecords(): MeteringRecord[] {
    return this.#inFlight.all().map((row) => this.#records.whole(row))
  }

  leftRecords(resource: string): MeteringRecord[] {
    return this.#left.all(resource).map((row) => this.#records.whole(row))
  }

  leftHours(resource: string): OpenAccountHour[] {
    return this.#leftHours.all(resource).map((row) => this.#openHourOf(row))
  }

  abandoned(resource: string): string[] {
    const owner = this.owner()
    return owner === undefined || owner === resource ? [] : [owner]
  }

  owner(): string | undefined {
    const value = this.#owner.get()?.['value']
    return value === undefined ? undefined : String(value)
  }

  hasMoreToForget({ claimsBefore, settledBefore }: Retention): boolean {
    return this.#claims.hasMore(claimsBefore) || this.#moreRecords.get(settledBefore) !== undefined
  }

  lateUsage(dimension: string, hour: number): bigint {
    return amountOf(this.#late.get(hour, dimension) ?? {})
  }

  #openHourOf(row: Row): OpenAccountHour {
    return {
      account: this.#names.account(Number(row['account_id'])),
      resource: this.#names.resource(Number(row['resource_id'])),
      hour: Number(row['hour']),
    }
  }
}
