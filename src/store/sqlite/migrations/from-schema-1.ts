import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { AccountKey } from '../../../metering/account.ts'
import { slotOf } from '../../../metering/slot.ts'
import { schema2 } from './schema-2.ts'

/** What the product file says of a dimension today; undefined for one that it does not have. */
export type MeaningOf = (
  dimension: string,
) => Pick<AccountKey, 'productCode' | 'divisor'> | undefined

/**
 * Turns the tables of the first edition into those of the second, inside a transaction of the caller.
 * Schema 1 kept no divisor with its open usage and its fractions. They get product code and divisor
 * of their key's newest record, else those of today's product file; open usage without either is held.
 */
export function migrateFromSchema1(
  database: DatabaseSync,
  now: number,
  meaningOf: MeaningOf,
): void {
  const old = ['resource', 'key', 'open', 'record', 'idempotency', 'meta']
  for (const table of old) database.exec(`ALTER TABLE ${table} RENAME TO old_${table}`)
  for (const index of ['record_unsettled', 'record_unsent', 'record_hour', 'record_state'])
    database.exec(`DROP INDEX IF EXISTS ${index}`)
  database.exec(schema2)
  database.exec(`
    INSERT INTO resource SELECT id, identity, first_seen FROM old_resource;
    INSERT INTO idempotency SELECT id, token, digest, receipts, created_at FROM old_idempotency;
    INSERT INTO meta SELECT name, value FROM old_meta WHERE name = 'owner';
    INSERT OR IGNORE INTO registration (customer, form, identity, region, created_at)
      SELECT DISTINCT customer, 'identifier', customer, '', ${now} FROM old_key WHERE customer <> ''`)
  const owner = ownerId(database)
  for (const key of rows(database, 'SELECT * FROM old_key'))
    migrateKey(database, key, owner, now, meaningOf)
  migrateRecords(database)
  migrateMeta(database, owner)
  for (const table of old.toReversed()) database.exec(`DROP TABLE old_${table}`)
}

type Row = Record<string, SQLOutputValue>

function rows(database: DatabaseSync, sql: string, ...values: (bigint | string)[]): Row[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all(...values)
}

function ownerId(database: DatabaseSync): bigint | undefined {
  const [row] = rows(
    database,
    "SELECT id FROM resource WHERE identity = (SELECT value FROM meta WHERE name = 'owner')",
  )
  return row?.['id'] as bigint | undefined
}

/** Every meaning that a key's records were sealed with becomes an account, and the newest takes the rest. */
function migrateKey(
  database: DatabaseSync,
  key: Row,
  owner: bigint | undefined,
  now: number,
  meaningOf: MeaningOf,
): void {
  const id = key['id'] as bigint
  const dimension = String(key['dimension'])
  const meanings = rows(
    database,
    `SELECT product_code, divisor FROM old_record WHERE key_id = ?
     GROUP BY product_code, divisor ORDER BY max(id) DESC`,
    id,
  ).map((row) => ({
    productCode: String(row['product_code']),
    divisor: row['divisor'] as bigint,
  }))
  const today = meaningOf(dimension)
  const known = meanings[0] ?? today
  const accounts = meanings.map((meaning) => ({
    ...meaning,
    id: addAccount(database, key, meaning.productCode, meaning.divisor),
  }))
  const rest =
    accounts[0]?.id ?? addAccount(database, key, known?.productCode ?? '', known?.divisor ?? 1n)
  moveOpen(database, id, rest, owner, known === undefined ? now : undefined)
  database
    .prepare(
      `UPDATE account SET fraction_whole = ?, fraction_micro = ?, pruned_whole = ?, pruned_micro = ?
       WHERE id = ?`,
    )
    .run(
      key['fraction_whole'] as bigint,
      key['fraction_micro'] as bigint,
      key['pruned_whole'] as bigint,
      key['pruned_micro'] as bigint,
      rest,
    )
  countReported(database, key, rest, accounts)
}

function addAccount(
  database: DatabaseSync,
  key: Row,
  productCode: string,
  divisor: bigint,
): bigint {
  const [row] = rows(
    database,
    `INSERT INTO account (product_code, registration_id, dimension, divisor, aggregate, scope)
     SELECT ?, id, ?, CAST(? AS INTEGER), 'sum', 'resource' FROM registration WHERE customer = ?
     RETURNING id`,
    productCode,
    String(key['dimension']),
    divisor,
    String(key['customer']),
  )
  return row?.['id'] as bigint
}

/** Open usage without a known divisor is held: a guess could bill it a billion times over. */
function moveOpen(
  database: DatabaseSync,
  keyId: bigint,
  accountId: bigint,
  owner: bigint | undefined,
  heldSince: number | undefined,
): void {
  if (owner === undefined) return
  if (heldSince === undefined)
    database
      .prepare(
        `INSERT INTO open SELECT ?, ?, hour, tags, whole, micro FROM old_open WHERE key_id = ?`,
      )
      .run(accountId, owner, keyId)
  else
    database
      .prepare(
        `INSERT INTO held (account_id, resource_id, hour, tags, whole, micro, reason, since)
         SELECT ?, ?, hour, tags, whole, micro, 'no-divisor', ? FROM old_open WHERE key_id = ?`,
      )
      .run(accountId, owner, heldSince, keyId)
}

/**
 * What was reported was one sum for all meanings of a key. The accounts of older meanings get what their
 * records hold, and the newest gets the rest, so that an imbalance of the old book stays visible.
 */
function countReported(
  database: DatabaseSync,
  key: Row,
  rest: bigint,
  accounts: readonly {
    readonly id: bigint
    readonly productCode: string
    readonly divisor: bigint
  }[],
): void {
  let whole = key['reported_whole'] as bigint
  const set = database.prepare(
    'UPDATE account SET reported_whole = ?, reported_micro = ? WHERE id = ?',
  )
  for (const { id, productCode, divisor } of accounts.slice(1)) {
    const [row] = rows(
      database,
      `SELECT coalesce(SUM(quantity), 0) AS units FROM old_record
       WHERE key_id = ? AND product_code = ? AND divisor = CAST(? AS INTEGER) AND state <> 'moved'`,
      key['id'] as bigint,
      productCode,
      divisor,
    )
    const recorded = (row?.['units'] as bigint) * divisor
    whole -= recorded
    set.run(recorded, 0n, id)
  }
  set.run(whole, key['reported_micro'] as bigint, rest)
}

function migrateRecords(database: DatabaseSync): void {
  const { channel } = slotOf(anyAccount, '')
  database.exec(`
    INSERT INTO slot (channel, holder, product_code, dimension)
      SELECT DISTINCT '${channel}', identity, product_code, dimension FROM old_record AS record
      JOIN resource ON resource.id = resource_id JOIN old_key AS key ON key.id = key_id;
    INSERT INTO record
      SELECT record.id, slot.id, hour, resource_id, timestamp, quantity * 1000000, 'whole',
             client_token, state, state = 'sending' AND ambiguous = 0, ambiguous, attempts,
             metering_record_id, last_code, last_message, sealed_at, first_attempt_at,
             last_attempt_at, settled_at, moved_to
      FROM old_record AS record JOIN resource ON resource.id = resource_id
      JOIN old_key AS key ON key.id = key_id
      JOIN slot ON holder = identity AND slot.product_code = record.product_code
                   AND slot.dimension = key.dimension;
    INSERT INTO record_part
      SELECT record.id, account.id, quantity * 1000000, allocations FROM old_record AS record
      JOIN old_key AS key ON key.id = key_id
      JOIN registration ON registration.customer = key.customer
      JOIN account ON account.registration_id = registration.id
        AND account.dimension = key.dimension AND account.product_code = record.product_code
        AND account.divisor = record.divisor;
    DELETE FROM sqlite_sequence WHERE name = 'record';
    INSERT INTO sqlite_sequence
      SELECT 'record', seq FROM sqlite_sequence WHERE name = 'old_record';`)
}

const anyAccount: AccountKey = {
  productCode: '',
  customer: '',
  dimension: '',
  divisor: 1n,
  aggregate: 'sum',
  scope: 'resource',
}

/** Notes and late usage had names with a prefix in one table. */
function migrateMeta(database: DatabaseSync, owner: bigint | undefined): void {
  if (owner !== undefined)
    database
      .prepare(
        "INSERT INTO note SELECT ?, substr(name, 6), value FROM old_meta WHERE name LIKE 'note:%'",
      )
      .run(owner)
  const put = database.prepare('INSERT INTO late_usage VALUES (?, ?, ?, ?)')
  // As in late:1773136800000:requests.
  const late = rows(
    database,
    `SELECT CAST(substr(name, 6) AS INTEGER) AS hour,
            substr(name, 6 + instr(substr(name, 6), ':')) AS dimension, value
     FROM old_meta WHERE name LIKE 'late:%'`,
  )
  for (const row of late) {
    const quantity = BigInt(String(row['value']))
    const [hour, dimension] = [row['hour'] as bigint, String(row['dimension'])]
    put.run(hour, dimension, quantity / 1_000_000n, quantity % 1_000_000n)
  }
}
