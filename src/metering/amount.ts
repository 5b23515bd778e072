/** Amounts are integers: millionths of what the application counts in, or of AWS's unit. */
export const microPerUnit = 1_000_000n

/** What happens to usage below one of AWS's whole units: it waits for later hours, or is sent as a decimal. */
export const fractionRules = ['carry', 'send'] as const
export type FractionRule = (typeof fractionRules)[number]

/** How AWS receives the quantities of a record: in whole units, or as decimals with six places. */
export type QuantityForm = 'whole' | 'decimal'

/** Returns the smallest quantity that a form can say, in millionths of AWS's unit. */
export function stepOf(form: QuantityForm): bigint {
  return form === 'whole' ? microPerUnit : 1n
}
