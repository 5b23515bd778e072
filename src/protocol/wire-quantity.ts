import { succeed } from '../kernel/result.ts'
import { microPerUnit } from '../metering/amount.ts'
import { maxFractionDigits } from '../metering/quantity.ts'
import { serviceError, type ServiceResult } from './service-errors.ts'

/** A quantity in AWS's two forms: a whole number, or since October 2026 a decimal in a text. */
export interface WireQuantity {
  readonly whole: number | undefined
  readonly decimal: string | undefined
}

/** Returns millionths of AWS's unit. Neither form is 0, as at AWS. */
export function microOf({ whole = 0, decimal }: WireQuantity): bigint {
  if (decimal === undefined) return BigInt(whole) * microPerUnit
  const [units = '', fraction = ''] = decimal.split('.')
  return BigInt(units) * microPerUnit + BigInt(fraction.padEnd(maxFractionDigits, '0'))
}

/** Checks that a quantity does not come in both forms, and returns its millionths. */
export function checkQuantity(
  quantity: WireQuantity,
): ServiceResult<bigint, 'ValidationException'> {
  return quantity.whole !== undefined && quantity.decimal !== undefined
    ? serviceError(
        'ValidationException',
        '1 validation error detected: A quantity can be given as a whole number or as a decimal, not as both.',
      )
    : succeed(microOf(quantity))
}
