const microPerUnit = 1_000_000n

/**
 * A quantity as two SQLite integers: whole units and millionths. One integer of micro-units would
 * end at 9.2e12 units, which a product that counts bytes reports within days.
 */
export interface AmountColumns {
  readonly whole: bigint
  readonly micro: bigint
}

export function toColumns(quantity: bigint): AmountColumns {
  return { whole: quantity / microPerUnit, micro: quantity % microPerUnit }
}

export function fromColumns(whole: bigint, micro: bigint): bigint {
  return whole * microPerUnit + micro
}

/** Micro-units in one of AWS's whole units of a dimension. */
export function microPerWhole(divisor: bigint): bigint {
  return divisor * microPerUnit
}
