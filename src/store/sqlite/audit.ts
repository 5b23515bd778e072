import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { fromColumns, microPerWhole } from './amount-columns.ts'
import type { AccountBalance } from '../store.ts'

/**
 * The conservation audit: for each key, what was reported must be what is open, in the fraction and in
 * records. `reported` is counted on its own when a report arrives, so the audit can fail.
 */
export function auditBook(database: DatabaseSync): AccountBalance[] {
  const open = sumsByKey(
    database,
    'SELECT key_id, SUM(whole) AS whole, SUM(micro) AS micro FROM open GROUP BY key_id',
    (row) => fromColumns(big(row, 'whole'), big(row, 'micro')),
  )
  const recorded = sumsByKey(
    database,
    `SELECT key_id, divisor, SUM(quantity) AS quantity FROM record WHERE state <> 'moved'
     GROUP BY key_id, divisor`,
    (row) => big(row, 'quantity') * microPerWhole(big(row, 'divisor')),
  )
  return rows(database, 'SELECT * FROM key ORDER BY customer, dimension').map((row) => {
    const id = big(row, 'id')
    const balance = {
      customer: String(row['customer']),
      dimension: String(row['dimension']),
      reported: fromColumns(big(row, 'reported_whole'), big(row, 'reported_micro')),
      open: open.get(id) ?? 0n,
      fraction: fromColumns(big(row, 'fraction_whole'), big(row, 'fraction_micro')),
      recorded:
        (recorded.get(id) ?? 0n) + fromColumns(big(row, 'pruned_whole'), big(row, 'pruned_micro')),
    }
    const { reported, fraction } = balance
    return { ...balance, imbalance: reported - balance.open - fraction - balance.recorded }
  })
}

type Row = Record<string, SQLOutputValue>

function sumsByKey(
  database: DatabaseSync,
  sql: string,
  quantity: (row: Row) => bigint,
): Map<bigint, bigint> {
  const sums = new Map<bigint, bigint>()
  for (const row of rows(database, sql)) {
    const id = big(row, 'key_id')
    sums.set(id, (sums.get(id) ?? 0n) + quantity(row))
  }
  return sums
}

function rows(database: DatabaseSync, sql: string): Row[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all()
}

function big(row: Row, column: string): bigint {
  return row[column] as bigint
}
