import type { DatabaseSync } from 'node:sqlite'
import type { AccountSums } from '../summary.ts'
import { amountOf, fromColumns, type Row } from './amount-columns.ts'

/** What every account holds in each place, by product code, customer and dimension. */
export function accountSums(database: DatabaseSync): AccountSums[] {
  return allSums(database, sumsOf(database, 'open')).map(({ sums }) => sums)
}

/**
 * The same in slices between which the event loop runs: the sums of the hours first, then each hour against its
 * tag sets, read in one statement, so that usage which comes meanwhile makes no difference.
 */
export async function accountSumsInSlices(database: DatabaseSync): Promise<AccountSums[]> {
  const hours = rowsOf(database, 'SELECT account_id, resource_id, hour FROM open_sum')
  const all = allSums(database, sumsOf(database, 'open_sum'))
  const key = 'account_id = ?1 AND resource_id = ?2 AND hour = ?3'
  const compare = database.prepare(
    `SELECT SUM(whole) AS whole, SUM(micro) AS micro FROM (
       SELECT whole, micro FROM open WHERE ${key}
       UNION ALL SELECT -whole, -micro FROM open_sum WHERE ${key})`,
  )
  compare.setReadBigInts(true)
  const wrong = new Map<bigint, bigint>()
  for (const row of hours) {
    await new Promise((resolve) => setImmediate(resolve))
    const id = big(row, 'account_id')
    const difference = amountOf(compare.get(id, big(row, 'resource_id'), big(row, 'hour')) ?? {})
    if (difference !== 0n) wrong.set(id, (wrong.get(id) ?? 0n) + difference)
  }
  return all.map(({ id, sums }) => ({ ...sums, open: sums.open + (wrong.get(id) ?? 0n) }))
}

function allSums(database: DatabaseSync, open: ReadonlyMap<bigint, bigint>) {
  const held = sumsOf(database, 'held')
  const written = sumsOf(database, 'void')
  const recorded = byAccount(
    rowsOf(
      database,
      `SELECT account_id, SUM(record_part.quantity / 1000000) AS whole,
              SUM(record_part.quantity % 1000000) AS micro
       FROM record_part JOIN record ON record.id = record_id WHERE state <> 'moved'
       GROUP BY account_id`,
    ),
  )
  const accounts = rowsOf(
    database,
    `SELECT account.*, customer FROM account JOIN registration ON registration.id = registration_id
     ORDER BY customer, dimension, account.id`,
  )
  return accounts.map((row) => {
    const id = big(row, 'id')
    const divisor = big(row, 'divisor')
    const sums = {
      productCode: String(row['product_code']),
      customer: String(row['customer']),
      dimension: String(row['dimension']),
      divisor,
      reported: fromColumns(big(row, 'reported_whole'), big(row, 'reported_micro')),
      open: open.get(id) ?? 0n,
      fraction: fromColumns(big(row, 'fraction_whole'), big(row, 'fraction_micro')),
      held: held.get(id) ?? 0n,
      recorded:
        (recorded.get(id) ?? 0n) * divisor +
        fromColumns(big(row, 'pruned_whole'), big(row, 'pruned_micro')),
      void: written.get(id) ?? 0n,
    }
    return { id, sums }
  })
}

function sumsOf(
  database: DatabaseSync,
  table: 'open' | 'open_sum' | 'held' | 'void',
): Map<bigint, bigint> {
  return byAccount(
    rowsOf(
      database,
      `SELECT account_id, SUM(whole) AS whole, SUM(micro) AS micro FROM ${table}
       GROUP BY account_id`,
    ),
  )
}

function byAccount(rows: readonly Row[]): Map<bigint, bigint> {
  return new Map(rows.map((row) => [big(row, 'account_id'), amountOf(row)]))
}

function rowsOf(database: DatabaseSync, sql: string): Row[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all()
}

function big(row: Row, column: string): bigint {
  return row[column] as bigint
}
