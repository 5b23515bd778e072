import type { Database } from '../../../src/store/postgres/connection/database.ts'

/** A database whose process can die: what it asks from then on is never answered, and changes nothing. */
export class BreakableDatabase implements Database {
  readonly #database: Database
  #isDead = false

  constructor(database: Database) {
    this.#database = database
  }

  die(): void {
    this.#isDead = true
    void this.#database.close().catch(() => {})
  }

  query(...call: Parameters<Database['query']>): ReturnType<Database['query']> {
    return this.#ask(() => this.#database.query(...call))
  }

  prepared(...call: Parameters<Database['prepared']>): ReturnType<Database['prepared']> {
    return this.#ask(() => this.#database.prepared(...call))
  }

  transaction<T>(work: Parameters<Database['transaction']>[0]): Promise<T> {
    return this.#ask(() => this.#database.transaction(work)) as Promise<T>
  }

  snapshot<T>(work: Parameters<Database['snapshot']>[0]): Promise<T> {
    return this.#ask(() => this.#database.snapshot(work)) as Promise<T>
  }

  async close(): Promise<void> {
    if (!this.#isDead) await this.#database.close()
  }

  #ask<T>(question: () => Promise<T>): Promise<T> {
    return this.#isDead ? Promise.reject(new Error('connection terminated')) : question()
  }
}
