import { createHash } from 'node:crypto'
import type { Pool, PoolClient } from 'pg'
import { messageOf } from '../../../kernel/errors.ts'
import { isLost, isNotPrepared } from './database-errors.ts'
import type { DatabaseTarget } from './database-url.ts'

export type Row = Readonly<Record<string, unknown>>

/** Where statements run: on any connection, or on the one of a transaction. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

export interface Database extends Session {
  /** The same, for a frequent statement that the server plans once for a connection, unless a pooler is in the way. */
  prepared(sql: string, values: readonly unknown[]): Promise<readonly Row[]>
  /**
   * Runs `work` in a transaction and commits it. Rejects with what `work` throws, after a rollback, and
   * with CommitUnknown when the connection broke in the commit.
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Runs questions that all see one moment. Each may take `longestMs`; as long as any statement where it is absent. */
  snapshot<T>(work: (session: Session) => Promise<T>, longestMs?: number): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly target: DatabaseTarget
  /** The most connections at a time. */
  readonly connections?: number | undefined
  readonly connectTimeoutMs?: number | undefined
  readonly statementTimeoutMs?: number | undefined
  readonly lockTimeoutMs?: number | undefined
}

/** How much longer than a statement its answer may take. */
const answerMs = 5000

const int8 = 20
const numeric = 1700
const int4 = 23
const bool = 16
const bytea = 17

/** Connects when it is first needed, and again after a connection was lost. */
export async function openDatabase({
  target,
  connections = 4,
  connectTimeoutMs = 3000,
  statementTimeoutMs = 10_000,
  lockTimeoutMs = 5000,
}: DatabaseOptions): Promise<Database> {
  // Loaded here alone: a book in SQLite needs none of it.
  const { default: pg } = await import('pg')
  const parsers = new Map<number, (text: string) => unknown>([
    // Ids, instants and millionths of AWS's units, all below 2^53.
    [int8, Number],
    [int4, Number],
    [numeric, BigInt],
    [bool, (text) => text === 't'],
    [bytea, (text) => Buffer.from(text.slice(2), 'hex')],
  ])
  const pool = new pg.Pool({
    ...target,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    // The server's own limit comes first; this one is for a server that says nothing any more.
    query_timeout: statementTimeoutMs + answerMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'marketplace-sidecar',
    types: { getTypeParser: (oid: number) => parsers.get(oid) ?? String },
  })
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    // In a transaction pooler's session these last as long as its role's own settings would.
    client
      .query(
        `SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),
                set_config('idle_in_transaction_session_timeout', $1, false)`,
        [String(statementTimeoutMs), String(lockTimeoutMs)],
      )
      .catch(() => {})
  })
  return new PooledDatabase(pool)
}

class PooledDatabase implements Database {
  readonly #pool: Pool
  /** Whether a pooler shares the server's sessions among connections, so that none keeps a prepared statement. */
  #isPooled = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#withClient((client) => queryOn(client, sql, values))
  }

  async prepared(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#isPooled) return this.query(sql, values)
    try {
      return await this.#withClient((client) => queryOn(client, sql, values, { name: nameOf(sql) }))
    } catch (error) {
      if (!isNotPrepared(error)) throw error
      // A pooler gave the statement to another session of the server, which refused it before it did anything.
      this.#isPooled = true
      return this.query(sql, values)
    }
  }

  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken = false
    try {
      return await work(client)
    } catch (error) {
      broken = isLost(error)
      throw error
    } finally {
      client.release(broken)
    }
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#run('BEGIN ISOLATION LEVEL READ COMMITTED', work)
  }

  snapshot<T>(work: (session: Session) => Promise<T>, longestMs?: number): Promise<T> {
    return this.#run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work, longestMs)
  }

  async #run<T>(
    begin: string,
    work: (session: Session) => Promise<T>,
    longestMs?: number,
  ): Promise<T> {
    const client = await this.#pool.connect()
    let broken = false
    const run = (sql: string, values: readonly unknown[] = []) =>
      queryOn(client, sql, values, { longestMs })
    try {
      await run(begin)
      if (longestMs !== undefined)
        await run("SELECT set_config('statement_timeout', $1, true)", [String(longestMs)])
      const result = await work({ query: run })
      await commit(run)
      return result
    } catch (error) {
      broken = error instanceof CommitUnknown || isLost(error)
      if (!broken) await run('ROLLBACK').catch(() => (broken = true))
      throw error
    } finally {
      client.release(broken)
    }
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

/** The connection broke in a commit: only the database knows whether it happened. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown'
}

async function commit(run: Session['query']): Promise<void> {
  try {
    await run('COMMIT')
  } catch (error) {
    throw isLost(error) ? new CommitUnknown(messageOf(error), { cause: error }) : error
  }
}

async function queryOn(
  client: PoolClient,
  sql: string,
  values: readonly unknown[],
  { name, longestMs }: { readonly name?: string; readonly longestMs?: number | undefined } = {},
): Promise<readonly Row[]> {
  const statement = {
    text: sql,
    values: [...values],
    ...(name !== undefined && { name }),
    ...(longestMs !== undefined && { query_timeout: longestMs + answerMs }),
  }
  const { rows } = await client.query<Record<string, unknown>>(statement)
  return rows
}

const names = new Map<string, string>()

/** Names a statement by all of its text: in a session that others have used the same name means the same. */
function nameOf(sql: string): string {
  const known = names.get(sql)
  if (known !== undefined) return known
  const name = `sidecar_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
  names.set(sql, name)
  return name
}
