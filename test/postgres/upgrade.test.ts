import { expect, inject, test } from 'vitest'
import { migrateDatabase } from '../../src/store/postgres/migrations/migrate-database.ts'
import { schemaVersion } from '../../src/store/postgres/migrations/migrate.ts'
import { schema1 } from '../../src/store/postgres/migrations/schema-1.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')

/** A database as 0.2.0 made it, with a task that has stored an idempotency key of 200 bytes. */
async function databaseOfSchema1(): Promise<string> {
  const url = await newDatabase(server)
  await asOwner(
    url,
    `DROP SCHEMA marketplace_sidecar CASCADE;
     CREATE SCHEMA marketplace_sidecar;
     SET search_path TO marketplace_sidecar;
     ${schema1}
     INSERT INTO meta VALUES ('schema', '1');
     INSERT INTO resource (identity, first_seen) VALUES ('task/old', 0);
     INSERT INTO lease (resource_id, until) SELECT id, '-infinity' FROM resource;
     INSERT INTO idempotency (key, digest, receipts, created_at)
     VALUES ('a', 'b', repeat('c', 30), 0)`,
  )
  return url
}

/** Every column and index, as PostgreSQL describes them. */
async function shapeOf(url: string): Promise<unknown> {
  const columns = await asOwner(
    url,
    `SELECT table_name, column_name, data_type, column_default FROM information_schema.columns
     WHERE table_schema = 'marketplace_sidecar' ORDER BY 1, 2`,
  )
  const indexes = await asOwner(
    url,
    `SELECT indexdef FROM pg_indexes WHERE schemaname = 'marketplace_sidecar' ORDER BY 1`,
  )
  return [...columns, ...indexes]
}

test('a database of 0.2.0 gets the tables of a new one, and counts the keys that it has', async () => {
  const url = await databaseOfSchema1()
  expect(await migrateDatabase(url, undefined)).toMatchObject({ from: 1, to: schemaVersion })
  expect(await shapeOf(url)).toEqual(await shapeOf(await newDatabase(server)))
  expect(
    await asOwner(url, 'SELECT sum(key_bytes)::int AS bytes FROM marketplace_sidecar.lease'),
  ).toEqual([{ bytes: 200 }])
})

test('a database of 0.2.0 accepts reports once it is migrated', async () => {
  const url = await databaseOfSchema1()
  const clock = new ManualClock()
  const open = () =>
    openSharedLedger(url, 'task/new', clock, {
      meaningOf: () => ({ productCode: 'product', divisor: 1n }),
    })
  await expect(open()).rejects.toMatchObject({ code: 'DatabaseNotMigrated' })
  await migrateDatabase(url, undefined)
  const { report } = await open()
  expect(await report('requests', unit, { idempotencyKey: 'new' })).toMatchObject([
    { result: 'accepted' },
  ])
})
