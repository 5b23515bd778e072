import type { DatabaseSync } from 'node:sqlite'
import type { AccountSums } from '../summary.ts'
import { amountOf, fromColumns, type Row } from './amount-columns.ts'

/** What every account holds in each place, by product code, customer and dimension. */
export function accountSums(database: DatabaseSync): AccountSums[] {
  const open = sumsOf(database, 'open')
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
    return {
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
  })
}

function sumsOf(database: DatabaseSync, table: 'open' | 'held' | 'void'): Map<bigint, bigint> {
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
