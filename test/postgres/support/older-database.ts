import { schema1 } from '../../../src/store/postgres/migrations/schema-1.ts'
import { asOwner, newDatabase } from './new-database.ts'
import type { PostgresServer } from './server.ts'

/** A database as 0.2.0 made it, with a task that has stored an idempotency key of 200 bytes, long ago. */
export async function databaseOfSchema1(server: PostgresServer): Promise<string> {
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

/** Every column, index and trigger, as PostgreSQL describes them. */
export async function shapeOf(url: string): Promise<unknown> {
  const columns = await asOwner(
    url,
    `SELECT table_name, column_name, data_type, column_default FROM information_schema.columns
     WHERE table_schema = 'marketplace_sidecar' ORDER BY 1, 2`,
  )
  const indexes = await asOwner(
    url,
    `SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid FROM pg_index
     JOIN pg_class ON pg_class.oid = indexrelid
     WHERE relnamespace = 'marketplace_sidecar'::regnamespace ORDER BY 1`,
  )
  const triggers = await asOwner(
    url,
    `SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger
     WHERE tgname = 'forget_key_bytes'`,
  )
  return [...columns, ...indexes, ...triggers]
}
