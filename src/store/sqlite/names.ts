import type { DatabaseSync } from 'node:sqlite'
import { accountOf, type Account, type Aggregate, type Scope } from '../../metering/account.ts'
import type { Slot } from '../../metering/slot.ts'
import type { Row } from './amount-columns.ts'

/**
 * The ids of what rows refer to: accounts, slots, tasks and pods. They are few and never change, so
 * each is looked up once.
 */
export class Names {
  readonly #accountIds = new Map<string, number>()
  readonly #accounts = new Map<number, Account>()
  /** By the slot object, which frequent callers keep; undefined for one that has no row yet. */
  #slotIds = new WeakMap<Slot, number | undefined>()
  readonly #resourceIds = new Map<string, number>()
  readonly #findAccount
  readonly #insertAccount
  readonly #account
  readonly #findSlot
  readonly #insertSlot
  readonly #findResource
  readonly #resource

  constructor(database: DatabaseSync) {
    this.#findAccount = database.prepare(
      `SELECT account.id FROM account JOIN registration ON registration.id = registration_id
       WHERE product_code = ? AND customer = ? AND dimension = ? AND divisor = ? AND aggregate = ?
         AND scope = ?`,
    )
    this.#insertAccount = database.prepare(
      `INSERT INTO account (product_code, registration_id, dimension, divisor, aggregate, scope)
       SELECT ?1, id, ?3, CAST(?4 AS INTEGER), ?5, ?6 FROM registration WHERE customer = ?2
       RETURNING id`,
    )
    this.#account = database.prepare(
      `SELECT account.*, customer FROM account JOIN registration ON registration.id = registration_id
       WHERE account.id = ?`,
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
    const { productCode, customer, dimension, divisor, aggregate, scope } = key
    const values = [productCode, customer, dimension, divisor, aggregate, scope] as const
    return remember(this.#accountIds, name, this.#findAccount.get(...values))
  }

  /** Makes the row of an account that has none; inside a transaction only. */
  makeAccount(account: Account): number {
    const known = this.accountId(account)
    if (known !== undefined) return known
    const { productCode, customer, dimension, divisor, aggregate, scope } = account.key
    const values = [productCode, customer, dimension, divisor, aggregate, scope] as const
    const row = this.#insertAccount.get(...values)
    const id = remember(this.#accountIds, account.name, row)
    if (id === undefined) throw new TypeError(`${customer} has no registration`)
    return id
  }

  account(id: number): Account {
    const known = this.#accounts.get(id)
    if (known !== undefined) return known
    const row = this.#account.get(id)
    const account = accountOfRow(row ?? {})
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
    return Number(this.#insertSlot.get(channel, holder, productCode, dimension)?.['id'])
  }

  /** Undefined for a task or pod that never owned the book. */
  resourceId(identity: string): number | undefined {
    const known = this.#resourceIds.get(identity)
    if (known !== undefined) return known
    return remember(this.#resourceIds, identity, this.#findResource.get(identity))
  }

  resource(id: number): string {
    return String(this.#resource.get(id)?.['identity'])
  }

  /** Forgets what a rollback may have undone. */
  clear(): void {
    this.#slotIds = new WeakMap()
    for (const names of [this.#accountIds, this.#accounts, this.#resourceIds]) names.clear()
  }
}

/** The account of a row of `account` with its `customer`, of a statement that reads integers as bigint. */
export function accountOfRow(row: Row): Account {
  return accountOf({
    productCode: String(row['product_code']),
    customer: String(row['customer']),
    dimension: String(row['dimension']),
    divisor: row['divisor'] as bigint,
    aggregate: String(row['aggregate']) as Aggregate,
    scope: String(row['scope']) as Scope,
  })
}

function remember(
  ids: Map<string, number>,
  name: string,
  row: Record<string, unknown> | undefined,
): number | undefined {
  if (row === undefined) return undefined
  const id = Number(row['id'])
  ids.set(name, id)
  return id
}
