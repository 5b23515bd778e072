import { fail, succeed, type Result } from '../kernel/result.ts'

type ValueProblem = 'NotANumber' | 'Infinite' | 'Negative' | 'TooLarge'

const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
/** Far above what the book holds, and far below what would take long to compute. */
const largestExponent = 40

/**
 * Returns a value of a page in millionths, rounded down: what is cut off stays in the counter and comes with
 * a later reading, so that differences never add up to more than what was counted.
 */
export function microOf(text: string): Result<bigint, ValueProblem> {
  if (/^nan$/i.test(text)) return fail('NotANumber')
  const [, sign, whole = '', fraction = '', exponentText = '0'] = parts.exec(text) ?? []
  if (sign === undefined) return fail('Infinite')
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  if (/^0*$/.test(digits)) return succeed(0n)
  if (sign === '-') return fail('Negative')
  // Millionths: the point moves by the exponent and by six.
  const shift = Number(exponentText) - fraction.length + 6
  if (digits.length + shift > largestExponent) return fail('TooLarge')
  if (shift >= 0) return succeed(BigInt(digits) * 10n ** BigInt(shift))
  return succeed(digits.length + shift <= 0 ? 0n : BigInt(digits.slice(0, shift)))
}

const longestShown = 40

/** Returns a value for a message, which is kept, logged and answered: a page can write a number of megabytes. */
export function shownValue(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}
