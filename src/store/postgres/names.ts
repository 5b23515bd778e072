import { accountsRemembered } from '../../kernel/recent-map.ts'
import { isUnregistered, type Account } from '../../metering/account.ts'
import { slotName, type Slot } from '../../metering/slot.ts'
import { accountOfRow } from '../account-row.ts'
import { slotOfRow } from '../record-row.ts'
import type { Row, Session } from './connection/database.ts'

/** The columns of an account with its customer; the caller appends WHERE and ORDER BY. */
const selectAccounts = `
  SELECT account.*, customer, form, identity, region FROM marketplace_sidecar.account
  JOIN marketplace_sidecar.registration ON registration.id = registration_id`

/** The values of `columnsOf`. */
const accountArrays =
  '$1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]'

/** How many of each are remembered from one group to the next: not those of many customers. */
const mostRemembered = 2 * accountsRemembered

/**
 * The ids of what rows refer to: accounts, slots, tasks and pods. They never change, so those that are in use
 * are looked up once. What a transaction made is forgotten when it did not commit.
 */
export class Names {
  readonly #accountIds = new Map<string, number>()
  readonly #accounts = new Map<number, Account>()
  readonly #slotIds = new Map<string, number>()
  readonly #resourceIds = new Map<string, number>()
  readonly #resources = new Map<number, string>()

  /** Undefined for an account that is not known to have a row. */
  accountId({ name }: Account): number | undefined {
    return this.#accountIds.get(name)
  }

  account(id: number): Account {
    return known(this.#accounts.get(id), `account ${id}`)
  }

  slotId(slot: Slot): number | undefined {
    return this.#slotIds.get(slotName(slot))
  }

  resourceId(identity: string): number | undefined {
    return this.#resourceIds.get(identity)
  }

  resource(id: number): string {
    return known(this.#resources.get(id), `resource ${id}`)
  }

  /** Learns the accounts and the tasks or pods that rows name. */
  async learn(session: Session, rows: readonly Row[]): Promise<void> {
    const idsOf = (column: string, names: ReadonlyMap<number, unknown>) =>
      [...new Set(rows.map((row) => row[column] as number | undefined))].filter(
        (id) => id !== undefined && !names.has(id),
      )
    const accounts = idsOf('account_id', this.#accounts)
    if (accounts.length > 0) {
      const found = `${selectAccounts} WHERE account.id = ANY($1::int[])`
      for (const row of await session.query(found, [accounts])) this.#addAccount(row)
    }
    const resources = idsOf('resource_id', this.#resources)
    if (resources.length > 0) {
      const found =
        'SELECT id, identity FROM marketplace_sidecar.resource WHERE id = ANY($1::int[])'
      for (const row of await session.query(found, [resources])) this.#addResource(row)
    }
  }

  /** Looks up the accounts that have rows. */
  async findAccounts(session: Session, accounts: readonly Account[]): Promise<void> {
    const unknown = accounts.filter(({ name }) => !this.#accountIds.has(name))
    if (unknown.length === 0) return
    const found = `${selectAccounts}
      JOIN unnest(${accountArrays}) AS n(p, c, d, v, a, s, f, i, r)
        ON (product_code, customer, dimension, divisor, aggregate, scope, form, identity, region)
           = (p, c, d, v, a, s, f, i, r)`
    for (const row of await session.query(found, columnsOf(unknown))) this.#addAccount(row)
  }

  /** Every account, in an order that stays. */
  async allAccounts(session: Session): Promise<Account[]> {
    const rows = await session.query(`${selectAccounts} ORDER BY account.id`)
    return rows.map((row) => this.#addAccount(row))
  }

  /** The accounts of customers without a registration. */
  async unregisteredAccounts(session: Session): Promise<Account[]> {
    const rows = await session.query(
      `${selectAccounts} WHERE form = 'unregistered' ORDER BY account.id`,
    )
    return rows.map((row) => this.#addAccount(row))
  }

  /** Every account of a customer, whatever it was registered as. */
  async accountsOf(session: Session, customer: string): Promise<Account[]> {
    const rows = await session.query(`${selectAccounts} WHERE customer = $1 ORDER BY account.id`, [
      customer,
    ])
    return rows.map((row) => this.#addAccount(row))
  }

  /** Makes the rows of accounts that have none. Throws a TypeError when one has no registration. */
  async makeAccounts(session: Session, accounts: readonly Account[]): Promise<void> {
    await this.findAccounts(session, accounts)
    const isNew = ({ name }: Account) => !this.#accountIds.has(name)
    const unknown = [...new Map(accounts.filter(isNew).map((each) => [each.name, each])).values()]
    if (unknown.length === 0) return
    const waiting = unknown.filter(({ key }) => isUnregistered(key))
    if (waiting.length > 0)
      await session.query(
        `INSERT INTO marketplace_sidecar.registration (customer, form, identity, region, created_at)
         SELECT DISTINCT c, 'unregistered', '', '', 0 FROM unnest($1::text[]) AS n(c)
         ON CONFLICT DO NOTHING`,
        [waiting.map(({ key }) => key.customer)],
      )
    await session.query(
      `INSERT INTO marketplace_sidecar.account
         (product_code, registration_id, dimension, divisor, aggregate, scope)
       SELECT p, registration.id, d, v, a, s
       FROM unnest(${accountArrays}) WITH ORDINALITY AS n(p, c, d, v, a, s, f, i, r, o)
       JOIN marketplace_sidecar.registration ON (customer, form, identity, region) = (c, f, i, r)
       ORDER BY o
       ON CONFLICT DO NOTHING`,
      columnsOf(unknown),
    )
    await this.findAccounts(session, unknown)
    const missing = unknown.find(isNew)
    if (missing !== undefined) throw new TypeError(`${missing.key.customer} has no registration`)
  }

  async findSlots(session: Session, slots: readonly Slot[]): Promise<void> {
    const unknown = slots.filter((slot) => !this.#slotIds.has(slotName(slot)))
    if (unknown.length === 0) return
    const rows = await session.query(
      `SELECT slot.* FROM marketplace_sidecar.slot
       JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n(c, h, p, d)
         ON (channel, holder, product_code, dimension) = (c, h, p, d)`,
      slotColumns(unknown),
    )
    for (const row of rows) this.#slotIds.set(slotName(slotOfRow(row)), row['id'] as number)
  }

  async makeSlots(session: Session, slots: readonly Slot[]): Promise<void> {
    await this.findSlots(session, slots)
    const unknown = slots.filter((slot) => !this.#slotIds.has(slotName(slot)))
    if (unknown.length === 0) return
    await session.query(
      `INSERT INTO marketplace_sidecar.slot (channel, holder, product_code, dimension)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
      slotColumns(unknown),
    )
    await this.findSlots(session, unknown)
  }

  async findResources(session: Session, identities: readonly string[]): Promise<void> {
    const unknown = identities.filter((identity) => !this.#resourceIds.has(identity))
    if (unknown.length === 0) return
    const found =
      'SELECT id, identity FROM marketplace_sidecar.resource WHERE identity = ANY($1::text[])'
    for (const row of await session.query(found, [unknown])) this.#addResource(row)
  }

  /** Makes the row of a task or pod, and that of its lease, which no sidecar has yet. */
  async makeResource(session: Session, identity: string, firstSeenAt: number): Promise<number> {
    await session.query(
      `WITH made AS (
         INSERT INTO marketplace_sidecar.resource (identity, first_seen) VALUES ($1, $2)
         ON CONFLICT DO NOTHING RETURNING id
       )
       INSERT INTO marketplace_sidecar.lease (resource_id, until) SELECT id, '-infinity' FROM made`,
      [identity, firstSeenAt],
    )
    await this.findResources(session, [identity])
    return known(this.#resourceIds.get(identity), identity)
  }

  /** Forgets what a rollback may have undone. */
  clear(): void {
    for (const names of [this.#accountIds, this.#accounts, this.#slotIds]) names.clear()
    this.#resourceIds.clear()
    this.#resources.clear()
  }

  /** Forgets what was learned first, when there is much; between two groups only. */
  trim(): void {
    forgetFirst(this.#accountIds)
    forgetFirst(this.#accounts)
    forgetFirst(this.#slotIds)
    forgetFirst(this.#resourceIds)
    forgetFirst(this.#resources)
  }

  #addAccount(row: Row): Account {
    const account = accountOfRow(row)
    const id = row['id'] as number
    this.#accountIds.set(account.name, id)
    this.#accounts.set(id, account)
    return account
  }

  #addResource(row: Row): void {
    const id = row['id'] as number
    const identity = String(row['identity'])
    this.#resourceIds.set(identity, id)
    this.#resources.set(id, identity)
  }
}

function forgetFirst(names: Map<unknown, unknown>): void {
  let tooMany = names.size - mostRemembered
  for (const name of names.keys()) {
    if (tooMany <= 0) return
    names.delete(name)
    tooMany -= 1
  }
}

function columnsOf(accounts: readonly Account[]): unknown[] {
  const keys = accounts.map(({ key }) => key)
  return [
    keys.map(({ productCode }) => productCode),
    keys.map(({ customer }) => customer),
    keys.map(({ dimension }) => dimension),
    keys.map(({ divisor }) => String(divisor)),
    keys.map(({ aggregate }) => aggregate),
    keys.map(({ scope }) => scope),
    keys.map(({ customer, identity }) =>
      customer === '' ? 'resource' : (identity?.form ?? 'unregistered'),
    ),
    keys.map(({ identity }) => identity?.value ?? ''),
    keys.map(({ identity }) => identity?.region ?? ''),
  ]
}

function slotColumns(slots: readonly Slot[]): unknown[] {
  return [
    slots.map(({ channel }) => channel),
    slots.map(({ holder }) => holder),
    slots.map(({ productCode }) => productCode),
    slots.map(({ dimension }) => dimension),
  ]
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`${name} is not in the book`)
  return value
}
