import { Client } from 'pg'
import type { Database, Row, Session } from '../../../src/store/postgres/connection/database.ts'

/** A statement as a sidecar sent it, and how many rows it had back. */
export interface Statement {
  readonly sql: string
  readonly values: readonly unknown[]
  readonly rows: number
}

/** Passes everything on, and keeps each statement in its order. */
export class RecordingDatabase implements Database {
  readonly #database: Database
  readonly #record: (statement: Statement) => void

  constructor(database: Database, record: (statement: Statement) => void) {
    this.#database = database
    this.#record = record
  }

  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return this.#on(this.#database).query(sql, values)
  }

  prepared(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.query(sql, values)
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#around('BEGIN', (run) => this.#database.transaction(run), work)
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
    return this.#around(begin, (run) => this.#database.snapshot(run), work)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async #around<T>(
    begin: string,
    run: (work: (session: Session) => Promise<T>) => Promise<T>,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    this.#record({ sql: begin, values: [], rows: 0 })
    const result = await run((session) => work(this.#on(session)))
    this.#record({ sql: 'COMMIT', values: [], rows: 0 })
    return result
  }

  #on(session: Session): Session {
    return {
      query: async (sql, values = []) => {
        const rows = await session.query(sql, values)
        this.#record({ sql, values, rows: rows.length })
        return rows
      },
    }
  }
}

/** Sends statements in their order, and returns how many rows each had back. */
export async function replay(url: string, statements: readonly Statement[]): Promise<number[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const counts: number[] = []
  try {
    for (const { sql, values } of statements) {
      const { rows } = await client.query<Record<string, unknown>>(sql, [...values])
      counts.push(rows.length)
    }
  } finally {
    await client.end()
  }
  return counts
}

/** One line for each text and one for each time that it was sent. */
export function textOfStatements(statements: readonly Statement[]): string {
  const texts = [...new Set(statements.map(({ sql }) => sql))]
  const sent = statements.map(({ sql, values, rows }) => [texts.indexOf(sql), values, rows])
  const lines = (items: readonly unknown[]) =>
    items.map((item) => `  ${JSON.stringify(item)}`).join(',\n')
  return `{"texts": [\n${lines(texts)}\n], "sent": [\n${lines(sent)}\n]}\n`
}

export function statementsOfText(text: string): Statement[] {
  const bytesAgain = (_: string, value: unknown) => {
    const { type, data } = (value ?? {}) as { type?: unknown; data?: number[] }
    return type === 'Buffer' ? Buffer.from(data ?? []) : value
  }
  const { texts, sent } = JSON.parse(text, bytesAgain) as {
    texts: string[]
    sent: [number, unknown[], number][]
  }
  return sent.map(([index, values, rows]) => ({ sql: texts[index] ?? '', values, rows }))
}
