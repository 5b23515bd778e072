import type { DatabaseSync } from 'node:sqlite'

/** The keys of the book: (customer, dimension). The customer is empty for the buyer who runs the task. */
export class Keys {
  readonly #find
  readonly #insert
  readonly #dimension
  readonly #ids = new Map<string, number>()

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT id FROM key WHERE customer = ? AND dimension = ?')
    this.#dimension = database.prepare('SELECT dimension FROM key WHERE id = ?')
    this.#insert = database.prepare(
      'INSERT INTO key (customer, dimension) VALUES (?, ?) RETURNING id',
    )
  }

  /** The id of a key, which is created when it is new; inside a transaction only. */
  idOf(customer: string, dimension: string): number {
    const name = JSON.stringify([customer, dimension])
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const row = this.#find.get(customer, dimension) ?? this.#insert.get(customer, dimension)
    const id = Number(row?.['id'])
    this.#ids.set(name, id)
    return id
  }

  /** The dimension of a key that exists. */
  dimensionOf(id: number): string {
    return String(this.#dimension.get(id)?.['dimension'])
  }

  /** Forgets what a rollback may have undone. */
  clear(): void {
    this.#ids.clear()
  }
}
