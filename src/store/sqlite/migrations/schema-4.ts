/**
 * What schema 4 adds: what was said last of each licence, by its key of AWS; and sums and counts of the records, which triggers keep, so that neither the hourly audit nor
 * a scrape goes over the whole history. A product with many customers keeps millions of records.
 */
export const schema4 = `
CREATE TABLE licence (
  name TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX licence_age ON licence (at);

CREATE TABLE record_sum (
  account_id INTEGER PRIMARY KEY REFERENCES account (id),
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL
) STRICT;
INSERT INTO record_sum
  SELECT account_id, SUM(record_part.quantity / 1000000), SUM(record_part.quantity % 1000000)
  FROM record_part JOIN record ON record.id = record_id WHERE state <> 'moved' GROUP BY account_id;
CREATE TRIGGER part_counts AFTER INSERT ON record_part
WHEN (SELECT state FROM record WHERE id = new.record_id) <> 'moved'
BEGIN
  INSERT INTO record_sum VALUES (new.account_id, new.quantity / 1000000, new.quantity % 1000000)
  ON CONFLICT DO UPDATE SET whole = whole + excluded.whole, micro = micro + excluded.micro;
END;
CREATE TRIGGER part_goes AFTER DELETE ON record_part
WHEN (SELECT state FROM record WHERE id = old.record_id) <> 'moved'
BEGIN
  UPDATE record_sum SET whole = whole - old.quantity / 1000000, micro = micro - old.quantity % 1000000
  WHERE account_id = old.account_id;
END;
CREATE TRIGGER record_moves AFTER UPDATE OF state ON record
WHEN (new.state = 'moved') <> (old.state = 'moved')
BEGIN
  UPDATE record_sum SET whole = record_sum.whole + part.whole, micro = record_sum.micro + part.micro
  FROM (SELECT account_id,
               SUM(quantity / 1000000) * iif(new.state = 'moved', -1, 1) AS whole,
               SUM(quantity % 1000000) * iif(new.state = 'moved', -1, 1) AS micro
        FROM record_part WHERE record_id = new.id GROUP BY account_id) AS part
  WHERE record_sum.account_id = part.account_id;
END;

CREATE TABLE unsent_sum (
  dimension TEXT NOT NULL,
  divisor INTEGER NOT NULL,
  whole INTEGER NOT NULL,
  micro INTEGER NOT NULL,
  PRIMARY KEY (dimension, divisor)
) STRICT, WITHOUT ROWID;
INSERT INTO unsent_sum
  SELECT dimension, divisor, SUM(quantity / 1000000), SUM(quantity % 1000000)
  FROM (SELECT account_id, record_part.quantity FROM record JOIN record_part ON record_id = record.id
        WHERE state IN ('sealed', 'sending', 'refused'))
  JOIN account ON account.id = account_id GROUP BY dimension, divisor;
CREATE TRIGGER part_waits AFTER INSERT ON record_part
WHEN (SELECT state FROM record WHERE id = new.record_id) IN ('sealed', 'sending', 'refused')
BEGIN
  INSERT INTO unsent_sum
    SELECT dimension, divisor, new.quantity / 1000000, new.quantity % 1000000
    FROM account WHERE id = new.account_id
  ON CONFLICT DO UPDATE SET whole = whole + excluded.whole, micro = micro + excluded.micro;
END;
CREATE TRIGGER part_waits_no_more AFTER DELETE ON record_part
WHEN (SELECT state FROM record WHERE id = old.record_id) IN ('sealed', 'sending', 'refused')
BEGIN
  UPDATE unsent_sum SET whole = whole - old.quantity / 1000000, micro = micro - old.quantity % 1000000
  FROM account WHERE account.id = old.account_id
    AND unsent_sum.dimension = account.dimension AND unsent_sum.divisor = account.divisor;
END;
CREATE TRIGGER record_waits AFTER UPDATE OF state ON record
WHEN (new.state IN ('sealed', 'sending', 'refused')) <> (old.state IN ('sealed', 'sending', 'refused'))
BEGIN
  INSERT INTO unsent_sum
    SELECT dimension, divisor, SUM(quantity / 1000000) * sign, SUM(quantity % 1000000) * sign
    FROM (SELECT account_id, quantity,
                 iif(new.state IN ('sealed', 'sending', 'refused'), 1, -1) AS sign
          FROM record_part WHERE record_id = new.id)
    JOIN account ON account.id = account_id GROUP BY dimension, divisor
  ON CONFLICT DO UPDATE SET whole = whole + excluded.whole, micro = micro + excluded.micro;
END;

CREATE TABLE record_count (state TEXT PRIMARY KEY, records INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO record_count SELECT state, count(*) FROM record GROUP BY state;
CREATE TRIGGER record_comes AFTER INSERT ON record
BEGIN
  INSERT INTO record_count VALUES (new.state, 1) ON CONFLICT DO UPDATE SET records = records + 1;
END;
CREATE TRIGGER record_changes AFTER UPDATE OF state ON record WHEN new.state <> old.state
BEGIN
  UPDATE record_count SET records = records - 1 WHERE state = old.state;
  INSERT INTO record_count VALUES (new.state, 1) ON CONFLICT DO UPDATE SET records = records + 1;
END;
CREATE TRIGGER record_goes AFTER DELETE ON record
BEGIN
  UPDATE record_count SET records = records - 1 WHERE state = old.state;
END;

CREATE TABLE shared_metering_id (metering_record_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO shared_metering_id
  SELECT metering_record_id FROM record WHERE metering_record_id IS NOT NULL
  GROUP BY metering_record_id HAVING count(*) > 1;
CREATE TRIGGER metering_id_shared AFTER UPDATE OF metering_record_id ON record
WHEN new.metering_record_id IS NOT NULL AND EXISTS
  (SELECT 1 FROM record WHERE metering_record_id = new.metering_record_id AND id <> new.id)
BEGIN
  INSERT OR IGNORE INTO shared_metering_id VALUES (new.metering_record_id);
END;

CREATE INDEX record_failed ON record (last_attempt_at) WHERE last_code IS NOT NULL;
CREATE INDEX void_account ON void (account_id);
CREATE INDEX idempotency_age ON idempotency (created_at);
`
