import type { DatabaseSync } from 'node:sqlite'

/** Keeps what others note apart from the ledger's own rows in the table. */
const prefix = 'note:'

/** Short texts that outlive the process: rows of the table `meta`. */
export class Notes {
  readonly #find
  readonly #put

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT value FROM meta WHERE name = ?')
    this.#put = database.prepare(
      'INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2',
    )
  }

  recall(name: string): string | undefined {
    const value = this.#find.get(prefix + name)?.['value']
    return value === undefined ? undefined : String(value)
  }

  /** Inside a transaction only. */
  remember(name: string, value: string): void {
    this.#put.run(prefix + name, value)
  }
}
