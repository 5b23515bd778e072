import type { DatabaseSync } from 'node:sqlite'
import { imbalanceOf, type AccountSums } from '../summary.ts'
import { amountOf, fromColumns, type Row } from './amount-columns.ts'

/** How many accounts are added up, or open hours compared, before the event loop runs again. */
const atOnce = 200

/** What every account holds in each place, by customer and dimension: every row is added up. */
export function accountSums(database: DatabaseSync): AccountSums[] {
  const recorded = byAccount(
    bigInts(
      database,
      `SELECT account_id, SUM(record_part.quantity / 1000000) AS whole,
              SUM(record_part.quantity % 1000000) AS micro
       FROM record_part JOIN record ON record.id = record_id WHERE state <> 'moved'
       GROUP BY account_id`,
    ).all(),
  )
  const open = byAccount(
    bigInts(
      database,
      'SELECT account_id, SUM(whole) AS whole, SUM(micro) AS micro FROM open GROUP BY account_id',
    ).all(),
  )
  return bigInts(database, `${accountSql} ORDER BY customer, dimension, account.id`)
    .all()
    .map((row) => {
      const id = big(row, 'id')
      return sumsOf(row, { open: open.get(id) ?? 0n, recorded: recorded.get(id) ?? 0n })
    })
}

/**
 * The accounts that do not add up, found in slices between which the event loop runs. What the hours and records of
 * an account hold are sums that the database keeps. An account is added up in one slice, so that usage which comes
 * meanwhile makes no difference. Before that the sum of each open hour is compared with its tag sets.
 */
export async function unbalancedAccounts(database: DatabaseSync): Promise<AccountSums[]> {
  const differences = await differencesOfHours(database)
  const slice = bigInts(
    database,
    `${accountSql} WHERE account.id > ?1 ORDER BY account.id LIMIT ${atOnce}`,
  )
  const wrong: AccountSums[] = []
  for (let after = -1n, isMore = true; isMore;) {
    const rows = slice.all(after)
    for (const row of rows) {
      after = big(row, 'id')
      const open = placeOf(row, 'open') + (differences.get(after) ?? 0n)
      const sums = sumsOf(row, { open, recorded: placeOf(row, 'recorded') })
      if (imbalanceOf(sums) !== 0n) wrong.push(sums)
    }
    isMore = rows.length === atOnce
    await nextTurn()
  }
  return wrong
}

/** How much the tag sets of the open hours hold more than their sums, by account; empty where all agree. */
async function differencesOfHours(database: DatabaseSync): Promise<Map<bigint, bigint>> {
  const hours = bigInts(
    database,
    `SELECT account_id, resource_id, hour FROM open_sum
     WHERE (account_id, resource_id, hour) > (?1, ?2, ?3)
     ORDER BY account_id, resource_id, hour LIMIT ${atOnce}`,
  )
  const key = 'account_id = ?1 AND resource_id = ?2 AND hour = ?3'
  const compare = bigInts(
    database,
    `SELECT SUM(whole) AS whole, SUM(micro) AS micro, SUM(tag_sets) AS tag_sets FROM (
       SELECT whole, micro, 1 AS tag_sets FROM open WHERE ${key}
       UNION ALL SELECT -whole, -micro, 0 FROM open_sum WHERE ${key})`,
  )
  const wrong = new Map<bigint, bigint>()
  let place: [bigint, bigint, bigint] = [-1n, -1n, -1n]
  for (let isMore = true; isMore;) {
    const rows = hours.all(...place)
    let tagSets = 0n
    for (const row of rows) {
      place = [big(row, 'account_id'), big(row, 'resource_id'), big(row, 'hour')]
      const compared = compare.get(...place) ?? {}
      const difference = amountOf(compared)
      if (difference !== 0n) wrong.set(place[0], (wrong.get(place[0]) ?? 0n) + difference)
      tagSets += (compared['tag_sets'] as bigint | null) ?? 0n
      // An hour can have many thousands.
      if (tagSets < tagSetsAtOnce) continue
      tagSets = 0n
      await nextTurn()
    }
    isMore = rows.length === atOnce
    await nextTurn()
  }
  return wrong
}

const tagSetsAtOnce = 1000n

const kept = (table: string, place: string) =>
  ['whole', 'micro']
    .map(
      (column) =>
        `(SELECT SUM(${column}) FROM ${table} WHERE account_id = account.id) AS ${place}_${column}`,
    )
    .join(', ')

const accountSql = `
  SELECT account.*, customer, ${kept('open_sum', 'open')}, ${kept('record_sum', 'recorded')},
         ${kept('held', 'held')}, ${kept('void', 'void')}
  FROM account JOIN registration ON registration.id = registration_id`

function sumsOf(
  row: Row,
  { open, recorded }: { readonly open: bigint; readonly recorded: bigint },
): AccountSums {
  const divisor = big(row, 'divisor')
  return {
    productCode: String(row['product_code']),
    customer: String(row['customer']),
    dimension: String(row['dimension']),
    divisor,
    reported: placeOf(row, 'reported'),
    open,
    fraction: placeOf(row, 'fraction'),
    held: placeOf(row, 'held'),
    recorded: recorded * divisor + placeOf(row, 'pruned'),
    void: placeOf(row, 'void'),
  }
}

function placeOf(row: Row, place: string): bigint {
  const columns = [row[`${place}_whole`], row[`${place}_micro`]] as (bigint | null)[]
  return fromColumns(columns[0] ?? 0n, columns[1] ?? 0n)
}

function byAccount(rows: readonly Row[]): Map<bigint, bigint> {
  return new Map(rows.map((row) => [big(row, 'account_id'), amountOf(row)]))
}

function bigInts(database: DatabaseSync, sql: string) {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement
}

function big(row: Row, column: string): bigint {
  return row[column] as bigint
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
