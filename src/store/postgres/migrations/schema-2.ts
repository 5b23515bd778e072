/**
 * Customers and licences in large numbers, and the room that idempotency keys take. `IF NOT EXISTS`, because
 * databases of versions between 0.2.0 and the next one may have some of it already.
 */
export const schema2 = `
-- What the keys take that it stored, less those that it deleted, also of others: only the sum of all counts.
ALTER TABLE lease ADD COLUMN IF NOT EXISTS key_bytes bigint NOT NULL DEFAULT 0;
-- Keys that are there already count once, for one task or pod.
UPDATE lease SET key_bytes = (SELECT coalesce(sum(170 + length(receipts)), 0) FROM idempotency)
WHERE resource_id = (SELECT min(resource_id) FROM lease) AND NOT EXISTS (SELECT FROM lease WHERE key_bytes <> 0);

CREATE INDEX IF NOT EXISTS registration_account ON registration (aws_account) WHERE aws_account IS NOT NULL;
CREATE INDEX IF NOT EXISTS registration_license ON registration (license_arn) WHERE license_arn IS NOT NULL;
CREATE INDEX IF NOT EXISTS registration_identifier ON registration (identifier) WHERE identifier IS NOT NULL;
CREATE INDEX IF NOT EXISTS registration_ended ON registration (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS account_registration ON account (registration_id);
CREATE INDEX IF NOT EXISTS open_account ON open (account_id);
-- In pages: the older statements find what they need in it too.
DROP INDEX record_unsent;
CREATE INDEX record_unsent ON record (resource_id, hour, id) WHERE state IN ('sealed', 'sending', 'refused');

-- What was said last of a licence or subscription, by its key of AWS.
CREATE TABLE IF NOT EXISTS licence (
  name text PRIMARY KEY,
  at bigint NOT NULL,
  ended boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS licence_age ON licence (at);
`
