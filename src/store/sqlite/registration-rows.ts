import type { DatabaseSync } from 'node:sqlite'
import type { Account } from '../../metering/account.ts'
import type { CustomerNames, Registration } from '../../metering/customer.ts'
import type { LicenceState } from '../../metering/licence.ts'
import { unsentStates } from '../../metering/record/record-states.ts'
import { customerHolder } from '../../metering/slot.ts'
import type { CustomerView, OpenAccountHour } from '../view.ts'
import { licenceOf, registrationOf } from '../registration-row.ts'
import { onlyRow, type Row } from './amount-columns.ts'
import type { Names } from './names.ts'

/** A customer whose usage came before a registration has a row of its own, which has no identity. */
export const isNamed = "form NOT IN ('resource', 'unregistered')"
export const isRegistered = `${isNamed} AND deleted_at IS NULL`

const isAwaited = `form = 'unregistered' AND EXISTS (SELECT 1 FROM account
  JOIN open_sum ON account_id = account.id WHERE registration_id = awaited.id)`

/** Open usage that may be sealed: before ?1, of customers whose licence has ended before ?2. */
export const sealableSql = `
  FROM open_sum WHERE hour < max(?1, ?2)
    AND (hour < ?1 OR account_id IN
      (SELECT account.id FROM registration JOIN account ON registration_id = registration.id
       WHERE ended_at IS NOT NULL))
    AND account_id NOT IN
      (SELECT account.id FROM registration JOIN account ON registration_id = registration.id
       WHERE form = 'unregistered')`

const unsettledStates = [...unsentStates, 'unresolved'].map((state) => `'${state}'`).join(', ')

/** The customers of a SaaS product, as the rules see them. */
export class RegistrationRows implements CustomerView {
  readonly #names: Names
  readonly #of
  readonly #naming
  readonly #licence
  readonly #isAwaited
  readonly #awaited
  readonly #accounts
  readonly #openHours
  readonly #lastRecord
  readonly #lastOpen
  readonly #unsettledRecord
  readonly #unsettledUsage

  constructor(database: DatabaseSync, names: Names) {
    this.#names = names
    this.#of = database.prepare(
      `SELECT * FROM registration WHERE customer = ? AND ${isNamed} ORDER BY id`,
    )
    this.#naming = database.prepare(
      `SELECT * FROM registration WHERE (aws_account = ? OR license_arn = ? OR identifier = ?)
       AND ${isNamed} ORDER BY id`,
    )
    this.#licence = database.prepare('SELECT at, ended FROM licence WHERE name = ?')
    this.#isAwaited = database.prepare(
      `SELECT 1 FROM registration AS awaited WHERE customer = ? AND ${isAwaited}`,
    )
    this.#awaited = database.prepare(
      `SELECT count(*) AS customers FROM registration AS awaited WHERE ${isAwaited}`,
    )
    this.#accounts = database.prepare(
      `SELECT account.id FROM account JOIN registration ON registration.id = registration_id
       WHERE customer = ? ORDER BY account.id`,
    )
    this.#openHours = database.prepare(
      'SELECT DISTINCT resource_id, hour FROM open_sum WHERE account_id = ? ORDER BY hour',
    )
    // Of all records that wait, an index on their states would find those of every customer.
    const records =
      "FROM record WHERE slot_id IN (SELECT id FROM slot WHERE channel = 'batch-meter-usage' AND holder = ?)"
    this.#lastRecord = database.prepare(`SELECT max(hour) AS hour ${records}`)
    this.#unsettledRecord = database.prepare(
      `SELECT 1 ${records} AND +state IN (${unsettledStates}) LIMIT 1`,
    )
    const accounts = `account_id IN (SELECT account.id FROM registration
      JOIN account ON registration_id = registration.id
      WHERE customer = ?1 AND form = ?2 AND identity = ?3)`
    this.#lastOpen = database.prepare(`SELECT max(hour) AS hour FROM open_sum WHERE ${accounts}`)
    this.#unsettledUsage = database.prepare(
      `SELECT 1 FROM open_sum WHERE ${accounts} UNION ALL SELECT 1 FROM held WHERE ${accounts} LIMIT 1`,
    )
  }

  registrations(customer: string): Registration[] {
    return this.#of.all(customer).map(registrationOf)
  }

  registrationsNaming({ accountId, licenseArn, identifier }: CustomerNames): Registration[] {
    return this.#naming
      .all(accountId ?? null, licenseArn ?? null, identifier ?? null)
      .map(registrationOf)
  }

  licence(key: string): LicenceState | undefined {
    const row = this.#licence.get(key)
    return row && licenceOf(row)
  }

  isAwaited(customer: string): boolean {
    return this.#isAwaited.get(customer) !== undefined
  }

  countAwaited(): number {
    return Number(onlyRow(this.#awaited.get())['customers'])
  }

  accountsOf(customer: string): Account[] {
    return this.#accounts.all(customer).map((row) => this.#names.account(Number(row['id'])))
  }

  openHoursOf(account: Account): OpenAccountHour[] {
    const id = this.#names.accountId(account)
    if (id === undefined) return []
    return this.#openHours.all(id).map((row) => this.#hourOf(account, row))
  }

  lastHour(registration: Registration): number | undefined {
    const { customer, identity } = registration
    const open = this.#lastOpen.get(customer, identity.form, identity.value)
    const hours = [this.#lastRecord.get(customerHolder(identity)), open]
      .map((row) => onlyRow(row)['hour'])
      .flatMap((hour) => (hour === null ? [] : [Number(hour)]))
    return hours.length === 0 ? undefined : Math.max(...hours)
  }

  isUnsettled({ customer, identity }: Registration): boolean {
    return (
      this.#unsettledRecord.get(customerHolder(identity)) !== undefined ||
      this.#unsettledUsage.get(customer, identity.form, identity.value) !== undefined
    )
  }

  #hourOf(account: Account, row: Row): OpenAccountHour {
    const resource = this.#names.resource(Number(row['resource_id']))
    return { account, resource, hour: Number(row['hour']) }
  }
}
