import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import { openDatabase } from '../../../src/store/postgres/connection/database.ts'
import { parseDatabaseUrl } from '../../../src/store/postgres/connection/database-url.ts'
import { migrate } from '../../../src/store/postgres/migrations/migrate.ts'
import { urlOf, type PostgresServer } from './server.ts'

/** Makes a database with the schema for one test, and returns its URL. */
export async function newDatabase(server: PostgresServer): Promise<string> {
  const name = `book_${randomUUID().replaceAll('-', '')}`
  await asOwner(urlOf(server, 'postgres'), `CREATE DATABASE ${name}`)
  const url = urlOf(server, name)
  const database = await openDatabase({ target: parseDatabaseUrl(url) })
  await migrate(database, undefined)
  await database.close()
  onTestFinished(() =>
    asOwner(urlOf(server, 'postgres'), `DROP DATABASE ${name} WITH (FORCE)`).then(() => {}),
  )
  return url
}

/** Runs one statement on a connection of its own. */
export async function asOwner(
  url: string,
  sql: string,
): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return rows
  } finally {
    await client.end()
  }
}
