/** Amounts are integers: millionths of what the application counts in, or of AWS's unit. */
export const microPerUnit = 1_000_000n

/** Returns how many millionths of the application's unit make one of AWS's whole units. */
export function microPerWhole(divisor: bigint): bigint {
  return divisor * microPerUnit
}
