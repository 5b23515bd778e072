import { fail, succeed, type Result } from '../kernel/result.ts'

const decimal = /^(\d+)(?:\.(\d+))?$/
export const maxFractionDigits = 6
/** A larger report is a mistake. The limit keeps sums of thousands of reports within SQLite's integers. */
export const largestWhole = 10n ** 15n
const largestMicro = largestWhole * 1_000_000n
/**
 * What all reports of one account may add up to, but for what is settled and forgotten. More is a mistake
 * in the unit, and sums of it would end beyond SQLite's integers.
 */
export const largestTotal = 10n ** 18n
/** At or above this, a JSON number with a fraction no longer holds six digits exactly. */
const exactFractionLimit = 2 ** 33

/** Millionths, or why a value is not a quantity. */
type ParsedQuantity = Result<bigint, { readonly problem: QuantityProblem; readonly reason: string }>

export type QuantityProblem = 'NotANumber' | 'Negative' | 'TooPrecise' | 'TooLarge'

/**
 * Parses a reported quantity into micro-units: a JSON number or a decimal string, 0 to 10^15, with at
 * most 6 fractional digits. It never rounds: it refuses what is not exact, with the reason.
 */
export function parseQuantity(value: unknown): ParsedQuantity {
  if (typeof value === 'number') return parseNumber(value)
  if (typeof value === 'string') return parseDecimal(value)
  return refuse('NotANumber', 'it must be a number, or a decimal number in a string such as "0.25"')
}

function parseNumber(value: number): ParsedQuantity {
  if (!Number.isFinite(value)) return refuse('NotANumber', 'it must be finite')
  if (value < 0) return refuse('Negative', 'it must not be negative')
  if (Number.isSafeInteger(value)) return bounded(BigInt(value) * 1_000_000n)
  if (value >= exactFractionLimit)
    return refuse('TooPrecise', 'a JSON number cannot hold this value exactly; send it as a string')
  // Below one millionth JavaScript writes an exponent, which is too many digits in any case.
  return parseDecimal(String(value))
}

function parseDecimal(text: string): ParsedQuantity {
  if (text.startsWith('-')) return refuse('Negative', 'it must not be negative')
  if (text.length > 64) return refuse('NotANumber', 'it is longer than 64 characters')
  const [, whole, fraction = ''] = decimal.exec(text) ?? []
  if (/^\d+(\.\d+)?e-\d+$/.test(text)) return tooFine()
  if (whole === undefined)
    return refuse(
      'NotANumber',
      'it must be a plain decimal number such as 3 or "0.25", without an exponent or a sign',
    )
  if (fraction.length > maxFractionDigits) return tooFine()
  return bounded(BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(maxFractionDigits, '0')))
}

function bounded(micro: bigint): ParsedQuantity {
  return micro > largestMicro
    ? refuse('TooLarge', `it must not be above ${largestWhole}`)
    : succeed(micro)
}

function tooFine(): ParsedQuantity {
  return refuse('TooPrecise', `it may have at most ${maxFractionDigits} fractional digits`)
}

function refuse(problem: QuantityProblem, reason: string): ParsedQuantity {
  return fail({ problem, reason })
}

/** Returns micro-units as a JSON number, which is exact up to 2^33 units. */
export function toNumber(micro: bigint): number {
  return Number(formatQuantity(micro))
}

/** Formats micro-units as the shortest decimal: 2500000 is `2.5`. */
export function formatQuantity(micro: bigint): string {
  const sign = micro < 0n ? '-' : ''
  const size = micro < 0n ? -micro : micro
  const fraction = (size % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
  return `${sign}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}
