import { Client } from 'pg'
import { migrateDatabase } from '../../../src/store/postgres/migrations/migrate-database.ts'
import { urlOf, type PostgresServer } from './server.ts'

/** The database that those of the tests are copies of: the schema takes as long to make as a database. */
export const template = 'book'

export async function createTemplate(server: PostgresServer): Promise<void> {
  const client = new Client({ connectionString: urlOf(server, 'postgres') })
  await client.connect()
  await client.query(`CREATE DATABASE ${template}`)
  await client.end()
  await migrateDatabase(urlOf(server, template), undefined)
}
