/**
 * The tables of the second edition. STRICT makes SQLite refuse what does not fit a column: without it an
 * integer that overflows turns into a floating point number, silently. Amounts are two integers, whole
 * units and millionths: one integer of millionths would end at 9.2e12 units, which a product that counts
 * bytes reports within days. Quantities of AWS's units are one integer of millionths.
 */
export const schema2 = `
CREATE TABLE resource (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  first_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE registration (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL,
  form TEXT NOT NULL,
  identity TEXT NOT NULL,
  region TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  UNIQUE (customer, form, identity)
) STRICT;
INSERT INTO registration VALUES (0, '', 'resource', '', '', 0, NULL);

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  product_code TEXT NOT NULL,
  registration_id INTEGER NOT NULL REFERENCES registration (id),
  dimension TEXT NOT NULL,
  divisor INTEGER NOT NULL,
  aggregate TEXT NOT NULL,
  scope TEXT NOT NULL,
  reported_whole INTEGER NOT NULL DEFAULT 0,
  reported_micro INTEGER NOT NULL DEFAULT 0,
  fraction_whole INTEGER NOT NULL DEFAULT 0,
  fraction_micro INTEGER NOT NULL DEFAULT 0,
  pruned_whole INTEGER NOT NULL DEFAULT 0,
  pruned_micro INTEGER NOT NULL DEFAULT 0,
  UNIQUE (product_code, registration_id, dimension, divisor, aggregate, scope)
) STRICT;

CREATE TABLE open (
  account_id INTEGER NOT NULL REFERENCES account (id),
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  hour INTEGER NOT NULL,
  tags TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  PRIMARY KEY (account_id, resource_id, hour, tags)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  hour INTEGER NOT NULL,
  tags TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  UNIQUE (account_id, resource_id, hour, tags, reason)
) STRICT;

CREATE TABLE void (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  record_id INTEGER,
  hour INTEGER,
  tags TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE slot (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  holder TEXT NOT NULL,
  product_code TEXT NOT NULL,
  dimension TEXT NOT NULL,
  UNIQUE (channel, holder, product_code, dimension)
) STRICT;

CREATE TABLE record (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slot_id INTEGER NOT NULL REFERENCES slot (id),
  hour INTEGER NOT NULL,
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  timestamp INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  form TEXT NOT NULL,
  client_token TEXT NOT NULL,
  state TEXT NOT NULL,
  in_flight INTEGER NOT NULL DEFAULT 0,
  ambiguous INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  metering_record_id TEXT,
  last_code TEXT,
  last_message TEXT,
  sealed_at INTEGER NOT NULL,
  first_attempt_at INTEGER,
  last_attempt_at INTEGER,
  settled_at INTEGER,
  moved_to INTEGER,
  UNIQUE (slot_id, hour)
) STRICT;
CREATE INDEX record_unsent ON record (hour) WHERE state IN ('sealed', 'sending', 'refused');
CREATE INDEX record_hour ON record (hour);
CREATE INDEX record_metering_id ON record (metering_record_id);
CREATE INDEX record_state ON record (state, settled_at);

CREATE TABLE record_part (
  record_id INTEGER NOT NULL REFERENCES record (id),
  account_id INTEGER NOT NULL REFERENCES account (id),
  quantity INTEGER NOT NULL,
  allocations TEXT,
  UNIQUE (record_id, account_id)
) STRICT;

CREATE TABLE idempotency (
  id INTEGER PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  digest BLOB NOT NULL,
  receipts TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE late_usage (
  hour INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  PRIMARY KEY (hour, dimension)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (resource_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
