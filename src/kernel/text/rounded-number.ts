/** The third argument of a reviver is in Node 24, but not in TypeScript's library yet. */
interface SourceJson {
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
}

const json = JSON as unknown as SourceJson

/**
 * Fifteen digits survive in a JavaScript number whatever they are, and no exponent of two digits makes one
 * vanish. So only a text with more than either is looked at closely. As one pattern these take longer.
 */
const manyDigits = /[:[,\s-][\d.]{16}/
const onlyDigits = /^[\d.]{16}/
const longExponent = /\d[eE]-\d{3}/

function isSuspicious(text: string): boolean {
  return manyDigits.test(text) || longExponent.test(text) || onlyDigits.test(text)
}

/**
 * Returns the first number of a JSON document that `JSON.parse` rounds, as it is written there;
 * undefined when there is none. A member called `besides` may be rounded.
 */
export function roundedNumber(text: string, besides?: string): string | undefined {
  if (!isSuspicious(text)) return undefined
  let found: string | undefined
  json.parse(text, (name, value, { source }) => {
    const isRounded = typeof value === 'number' && source !== undefined && !isExact(source, value)
    if (isRounded && name !== besides) found ??= source
    return value
  })
  return found
}

/** Whether a number is what its text says. One beyond all numbers is infinite, and so not silent. */
function isExact(source: string, value: number): boolean {
  return !Number.isFinite(value) || normalForm(source) === normalForm(String(value))
}

/** The same text for the same decimal value: digits without zeros at either end, and an exponent. */
function normalForm(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  let first = 0
  let end = digits.length
  while (first < end && digits[first] === '0') first += 1
  while (end > first && digits[end - 1] === '0') end -= 1
  if (first === end) return '0'
  const sign = mantissa.startsWith('-') ? '-' : ''
  const power = Number(exponent) - fraction.length + (digits.length - end)
  return `${sign}${digits.slice(first, end)}e${power}`
}
