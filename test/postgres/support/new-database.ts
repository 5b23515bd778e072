import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import { urlOf, type PostgresServer } from './server.ts'
import { template } from './template.ts'

/** Makes a database with the schema for one test, and returns its URL. */
export async function newDatabase(server: PostgresServer): Promise<string> {
  const name = `book_${randomUUID().replaceAll('-', '')}`
  await asOwner(urlOf(server, 'postgres'), `CREATE DATABASE ${name} TEMPLATE ${template}`)
  onTestFinished(() =>
    asOwner(urlOf(server, 'postgres'), `DROP DATABASE ${name} WITH (FORCE)`).then(() => {}),
  )
  return urlOf(server, name)
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
