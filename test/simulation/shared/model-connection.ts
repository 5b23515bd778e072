import {
  CommitUnknown,
  type Database,
  type Row,
  type Session,
} from '../../../src/store/postgres/connection/database.ts'
import { settle } from '../../support/manual-clock.ts'
import type { ModelDatabase } from './model-database.ts'

/** When a connection is cut: before the server has the commit, after it, or while the commit is on its way. */
export const cuts = ['before', 'after', 'on-its-way'] as const
export type Cut = (typeof cuts)[number]

const turnsOnItsWay = 8

/** What one process has of the database: everything goes through it, and it can break. */
export class ModelConnection implements Database {
  readonly #database: ModelDatabase
  /** Resolves when the process runs; never for one that has died. */
  readonly #runs: () => Promise<void>
  #staged: (() => void)[] = []
  #cuts: { readonly at: Cut; readonly onCut: () => void }[] = []
  isAway = false

  constructor(database: ModelDatabase, runs: () => Promise<void>) {
    this.#database = database
    this.#runs = runs
  }

  /** Cuts the connection in the next commits. */
  cutNext(onCut: () => void, ...cut: readonly Cut[]): void {
    this.#cuts.push(...cut.map((at) => ({ at, onCut })))
  }

  heal(): void {
    this.#cuts = []
    this.isAway = false
  }

  /** Resolves when the server would have the question. */
  async reach(): Promise<void> {
    await this.#runs()
    if (this.isAway) throw lost()
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    await this.reach()
    const rows = await this.#database.exclusively(() => this.#database.query(sql, values))
    await this.reach()
    return rows
  }

  prepared(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.query(sql, values)
  }

  /** A write of the transaction that is open: it happens at the commit. */
  stage(write: () => void): void {
    this.#staged.push(write)
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.reach()
    let cut: Cut | undefined
    const result = await new Promise<T>((resolve, reject) => {
      const run = async () => {
        const undo = this.#database.saveLeases()
        this.#staged = []
        try {
          const query: Session['query'] = async (sql, values = []) =>
            this.#database.query(sql, values)
          const done = await work({ query })
          cut = this.#takeCut()
          if (cut !== undefined) reject(new CommitUnknown('the connection was cut'))
          // Its locks are held: a question for the outcome waits.
          if (cut === 'on-its-way') await settle(turnsOnItsWay)
          if (cut === 'before') undo()
          else for (const write of this.#staged) write()
          resolve(done)
        } catch (error) {
          undo()
          throw error
        }
      }
      this.#database.exclusively(run).catch(reject)
    })
    await this.#runs()
    return result
  }

  /** One statement that is its own transaction. */
  async statement(write: () => void): Promise<void> {
    await this.reach()
    const run = () => {
      const undo = this.#database.saveLeases()
      try {
        write()
      } catch (error) {
        undo()
        throw error
      }
    }
    const cut = this.#takeCut()
    if (cut === 'on-its-way')
      void settle(turnsOnItsWay)
        .then(() => this.#database.exclusively(run))
        .catch(() => {})
    else if (cut !== 'before') await this.#database.exclusively(run)
    if (cut !== undefined) throw lost()
    await this.#runs()
  }

  #takeCut(): Cut | undefined {
    const next = this.#cuts.shift()
    next?.onCut()
    return next?.at
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return work(this)
  }

  async close(): Promise<void> {}
}

function lost(): Error {
  return new Error('Connection terminated unexpectedly')
}
