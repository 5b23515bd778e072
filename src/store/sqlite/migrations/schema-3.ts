/**
 * What schema 3 adds: readings of dimensions that are no sums, and how far counters were read. An
 * hour of readings has a row of its own, so that it stays closed when its readings are gone. And what AWS
 * calls a customer, and when a registration begins and ends. Idempotency keys are kept as 16 bytes each,
 * and what they take is counted. The open usage of an hour has a sum: with many tag sets it would take long
 * to add up.
 */
export const schema3 = `
ALTER TABLE idempotency RENAME TO old_idempotency;
CREATE TABLE idempotency (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  digest BLOB NOT NULL,
  receipts TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE idempotency_size (bytes INTEGER NOT NULL) STRICT;

CREATE TABLE open_sum (
  account_id INTEGER NOT NULL REFERENCES account (id),
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  hour INTEGER NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  PRIMARY KEY (account_id, resource_id, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO open_sum
  SELECT account_id, resource_id, hour, SUM(whole) + SUM(micro) / 1000000, SUM(micro) % 1000000
  FROM open GROUP BY account_id, resource_id, hour;

CREATE TABLE reading_hour (
  account_id INTEGER NOT NULL REFERENCES account (id),
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  hour INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  readings INTEGER NOT NULL,
  PRIMARY KEY (account_id, resource_id, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX reading_hour_open ON reading_hour (hour) WHERE closed = 0;

CREATE TABLE reading (
  account_id INTEGER NOT NULL REFERENCES account (id),
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  hour INTEGER NOT NULL,
  tags TEXT NOT NULL,
  key TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (account_id, resource_id, hour, tags, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
  resource_id INTEGER NOT NULL REFERENCES resource (id),
  source TEXT NOT NULL,
  series TEXT NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  started_at INTEGER,
  read_at INTEGER NOT NULL,
  PRIMARY KEY (resource_id, source, series)
) STRICT, WITHOUT ROWID;

ALTER TABLE registration ADD COLUMN aws_account TEXT;
ALTER TABLE registration ADD COLUMN license_arn TEXT;
ALTER TABLE registration ADD COLUMN identifier TEXT;
ALTER TABLE registration ADD COLUMN starts_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE registration ADD COLUMN deleted_at INTEGER;
UPDATE registration SET identifier = identity WHERE form = 'identifier';
CREATE INDEX registration_account ON registration (aws_account) WHERE aws_account IS NOT NULL;
CREATE INDEX registration_license ON registration (license_arn) WHERE license_arn IS NOT NULL;
CREATE INDEX registration_identifier ON registration (identifier) WHERE identifier IS NOT NULL;
CREATE INDEX registration_ended ON registration (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX account_registration ON account (registration_id);
`
