import type { DatabaseSync } from 'node:sqlite'
import { accountsRemembered, RecentMap } from '../../kernel/recent-map.ts'
import { isUnregistered, type Account, type AccountKey } from '../../metering/account.ts'
import type { Slot } from '../../metering/slot.ts'
import { accountOfRow } from '../account-row.ts'
import type { OpenAccountHour } from '../view.ts'
import { onlyRow } from './amount-columns.ts'

type HourIds = [accountId: number, resourceId: number, hour: number]

/**
 * The ids of what rows refer to: accounts, slots, tasks and pods. They never change, so those that are in use
 * are looked up once.
 */
export class Names {
  readonly #accountIds = new RecentMap<string, number>(accountsRemembered)
  readonly #accounts = new RecentMap<number, Account>(accountsRemembered)
  /** By the slot object, which frequent callers keep; undefined for one that has no row yet. */
  #slotIds = new WeakMap<Slot, number | undefined>()
  readonly #resourceIds = new Map<string, number>()
  readonly #findAccount
  readonly #insertAccount
  readonly #await
  readonly #account
  readonly #findSlot
  readonly #insertSlot
  readonly #findResource
  readonly #resource

  constructor(database: DatabaseSync) {
    this.#findAccount = database.prepare(
      `SELECT account.id FROM account JOIN registration ON registration.id = registration_id
       WHERE customer = ? AND form = ? AND identity = ? AND region = ? AND product_code = ?
         AND dimension = ? AND divisor = ? AND aggregate = ? AND scope = ?`,
    )
    this.#insertAccount = database.prepare(
      `INSERT INTO account (product_code, registration_id, dimension, divisor, aggregate, scope)
       SELECT ?5, id, ?6, CAST(?7 AS INTEGER), ?8, ?9 FROM registration
       WHERE customer = ?1 AND form = ?2 AND identity = ?3 AND region = ?4 RETURNING id`,
    )
    this.#await = database.prepare(
      `INSERT INTO registration (customer, form, identity, region, created_at)
       VALUES (?, 'unregistered', '', '', 0) ON CONFLICT DO NOTHING`,
    )
    this.#account = database.prepare(
      `SELECT account.*, customer, form, identity, region FROM account
       JOIN registration ON registration.id = registration_id WHERE account.id = ?`,
    )
    this.#account.setReadBigInts(true)
    this.#findSlot = database.prepare(
      'SELECT id FROM slot WHERE channel = ? AND holder = ? AND product_code = ? AND dimension = ?',
    )
    this.#insertSlot = database.prepare(
      `INSERT INTO slot (channel, holder, product_code, dimension) VALUES (?, ?, ?, ?)
       RETURNING id`,
    )
    this.#findResource = database.prepare('SELECT id FROM resource WHERE identity = ?')
    this.#resource = database.prepare('SELECT identity FROM resource WHERE id = ?')
  }

  /** Undefined for an account that has no row. */
  accountId({ name, key }: Account): number | undefined {
    const known = this.#accountIds.get(name)
    if (known !== undefined) return known
    return remember(this.#accountIds, name, this.#findAccount.get(...columnsOf(key)))
  }

  /** Makes the row of an account that has none; inside a transaction only. */
  makeAccount(account: Account): number {
    const known = this.accountId(account)
    if (known !== undefined) return known
    const { key, name } = account
    if (isUnregistered(key)) this.#await.run(key.customer)
    const id = remember(this.#accountIds, name, this.#insertAccount.get(...columnsOf(key)))
    if (id === undefined) throw new TypeError(`${key.customer} has no registration`)
    return id
  }

  account(id: number): Account {
    const known = this.#accounts.get(id)
    if (known !== undefined) return known
    const account = accountOfRow(onlyRow(this.#account.get(id)))
    this.#accounts.set(id, account)
    return account
  }

  /** Undefined for a slot that never had a record. */
  slotId(slot: Slot): number | undefined {
    if (this.#slotIds.has(slot)) return this.#slotIds.get(slot)
    const { channel, holder, productCode, dimension } = slot
    const row = this.#findSlot.get(channel, holder, productCode, dimension)
    const id = row && Number(row['id'])
    this.#slotIds.set(slot, id)
    return id
  }

  /** Makes the row of a slot that has none; inside a transaction only. */
  makeSlot(slot: Slot): number {
    const known = this.slotId(slot)
    if (known !== undefined) return known
    const { channel, holder, productCode, dimension } = slot
    // Equal slots in other objects may be known as absent.
    this.#slotIds = new WeakMap()
    return Number(onlyRow(this.#insertSlot.get(channel, holder, productCode, dimension))['id'])
  }

  /** Undefined for a task or pod that never owned the book. */
  resourceId(identity: string): number | undefined {
    const known = this.#resourceIds.get(identity)
    if (known !== undefined) return known
    return remember(this.#resourceIds, identity, this.#findResource.get(identity))
  }

  /** The same for one that owns the book, or did. */
  ownerId(identity: string): number {
    const id = this.resourceId(identity)
    if (id === undefined) throw new TypeError(`${identity} does not own the book`)
    return id
  }

  /** The columns that name an hour of an account; undefined where nothing of it has a row. */
  hourIds({ account, resource, hour }: OpenAccountHour): HourIds | undefined {
    const accountId = this.accountId(account)
    const resourceId = this.resourceId(resource)
    if (accountId === undefined || resourceId === undefined) return undefined
    return [accountId, resourceId, hour]
  }

  /** The same, with the row of an account that has none; inside a transaction only. */
  makeHour({ account, resource, hour }: OpenAccountHour): HourIds {
    return [this.makeAccount(account), this.ownerId(resource), hour]
  }

  resource(id: number): string {
    return String(onlyRow(this.#resource.get(id))['identity'])
  }

  /** Forgets what a rollback may have undone. */
  clear(): void {
    this.#slotIds = new WeakMap()
    this.#accountIds.clear()
    this.#accounts.clear()
    this.#resourceIds.clear()
  }
}

/** Where the account of a key is found: its registration first. */
function columnsOf(key: AccountKey) {
  const { productCode, customer, dimension, divisor, aggregate, scope, identity } = key
  const buyer = { form: customer === '' ? 'resource' : 'unregistered', value: '', region: '' }
  const { form, value, region } = identity ?? buyer
  return [customer, form, value, region, productCode, dimension, divisor, aggregate, scope] as const
}

function remember(
  ids: { set(name: string, id: number): unknown },
  name: string,
  row: Record<string, unknown> | undefined,
): number | undefined {
  if (row === undefined) return undefined
  const id = Number(row['id'])
  ids.set(name, id)
  return id
}
