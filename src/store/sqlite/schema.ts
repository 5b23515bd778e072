import type { DatabaseSync } from 'node:sqlite'

/** Raised with every change of the tables below; a newer file than the program knows is refused. */
export const schemaVersion = 1

/**
 * STRICT makes SQLite refuse what does not fit a column: without it an integer that overflows turns
 * into a floating point number, silently.
 */
const tables = `
CREATE TABLE resource (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  first_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE key (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL,
  dimension TEXT NOT NULL,
  reported_whole INTEGER NOT NULL DEFAULT 0,
  reported_micro INTEGER NOT NULL DEFAULT 0,
  fraction_whole INTEGER NOT NULL DEFAULT 0,
  fraction_micro INTEGER NOT NULL DEFAULT 0,
  pruned_whole INTEGER NOT NULL DEFAULT 0,
  pruned_micro INTEGER NOT NULL DEFAULT 0,
  UNIQUE (customer, dimension)
) STRICT;

CREATE TABLE open (
  key_id INTEGER NOT NULL REFERENCES key (id),
  hour INTEGER NOT NULL,
  tags TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  PRIMARY KEY (key_id, hour, tags)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key_id INTEGER NOT NULL REFERENCES key (id),
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  product_code TEXT NOT NULL,
  hour INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  divisor INTEGER NOT NULL,
  allocations TEXT,
  client_token TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  ambiguous INTEGER NOT NULL DEFAULT 0,
  metering_record_id TEXT,
  last_code TEXT,
  last_message TEXT,
  sealed_at INTEGER NOT NULL,
  first_attempt_at INTEGER,
  last_attempt_at INTEGER,
  settled_at INTEGER,
  moved_to INTEGER,
  UNIQUE (key_id, resource_id, hour)
) STRICT;
CREATE INDEX record_unsettled ON record (key_id, hour) WHERE state IN ('sealed', 'sending', 'refused');
CREATE INDEX record_hour ON record (hour);
CREATE INDEX record_state ON record (state, settled_at);

CREATE TABLE idempotency (
  id INTEGER PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  digest BLOB NOT NULL,
  receipts TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

/** Creates the tables in a new file. Returns whether the file was new. */
export function createTables(database: DatabaseSync): boolean {
  const version = schemaVersionOf(database)
  if (version > 0) return false
  database.exec(`BEGIN IMMEDIATE; ${tables} PRAGMA user_version = ${schemaVersion}; COMMIT`)
  return true
}

/** 0 for a new file. */
export function schemaVersionOf(database: DatabaseSync): number {
  const row = database.prepare('PRAGMA user_version').get()
  return Number(row?.['user_version'] ?? 0)
}
