import type { Step } from './change-indexes.ts'

/**
 * Customers and licences in large numbers, and the room that idempotency keys take. `IF NOT EXISTS`, because
 * databases of versions between 0.2.0 and the next one may have some of it already, and one whose migration was
 * interrupted has.
 */
export const schema2: Step = {
  tables: `
-- What the keys take that it stored, less those that it deleted, also of others: only the sum of all counts.
ALTER TABLE lease ADD COLUMN IF NOT EXISTS key_bytes bigint NOT NULL DEFAULT 0;
-- What a key is counted for: nothing where a version stored it that counts none.
ALTER TABLE idempotency ADD COLUMN IF NOT EXISTS bytes int NOT NULL DEFAULT 0;
UPDATE lease SET key_bytes = 0 WHERE key_bytes <> 0;

-- Of every version: who forgets keys has counted its group in the row of its lease before.
CREATE OR REPLACE FUNCTION forget_key_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE marketplace_sidecar.lease SET key_bytes = key_bytes - gone.bytes
  FROM (SELECT sum(bytes) AS bytes FROM gone) AS gone
  WHERE gone.bytes > 0 AND resource_id = coalesce(
    (SELECT min(own.resource_id) FROM marketplace_sidecar.lease AS own WHERE own.xmin = pg_current_xact_id()::xid),
    (SELECT min(any_one.resource_id) FROM marketplace_sidecar.lease AS any_one));
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS forget_key_bytes ON idempotency;
CREATE TRIGGER forget_key_bytes AFTER DELETE ON idempotency
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_key_bytes();

-- What was said last of a licence or subscription, by its key of AWS.
CREATE TABLE IF NOT EXISTS licence (
  name text PRIMARY KEY,
  at bigint NOT NULL,
  ended boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS licence_age ON licence (at);
`,
  indexes: {
    registration_account: 'registration (aws_account) WHERE aws_account IS NOT NULL',
    registration_license: 'registration (license_arn) WHERE license_arn IS NOT NULL',
    registration_identifier: 'registration (identifier) WHERE identifier IS NOT NULL',
    registration_ended: 'registration (ended_at) WHERE ended_at IS NOT NULL',
    account_registration: 'account (registration_id)',
    open_account: 'open (account_id)',
    // In pages: the older statements find what they need in it too.
    record_waiting: `record (resource_id, hour, id) WHERE state IN ('sealed', 'sending', 'refused')`,
    // Deleting a task or pod looks for records of it.
    record_resource: 'record (resource_id)',
  },
  withoutIndexes: ['record_unsent'],
}
