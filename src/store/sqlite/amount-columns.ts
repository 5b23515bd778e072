import type { SQLOutputValue } from 'node:sqlite'
import { microPerUnit } from '../../metering/amount.ts'

export type Row = Record<string, SQLOutputValue>

/** The row of a statement that always gives one. Throws a TypeError where it gave none. */
export function onlyRow(row: Row | undefined): Row {
  if (row === undefined) throw new TypeError('a statement that always gives a row gave none')
  return row
}

/** A quantity as two SQLite integers: whole units, and millionths from 0 to 999,999. */
interface AmountColumns {
  readonly whole: bigint
  readonly micro: bigint
}

export function toColumns(quantity: bigint): AmountColumns {
  const micro = quantity % microPerUnit
  const rest = micro < 0n ? micro + microPerUnit : micro
  return { whole: (quantity - rest) / microPerUnit, micro: rest }
}

export function fromColumns(whole: bigint, micro: bigint): bigint {
  return whole * microPerUnit + micro
}

/** The amount in the columns `whole` and `micro`, of a statement that reads integers as bigint. */
export function amountOf(row: Row): bigint {
  return fromColumns((row['whole'] ?? 0n) as bigint, (row['micro'] ?? 0n) as bigint)
}
