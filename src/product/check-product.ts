import { show } from '../kernel/mistakes.ts'
import type { ReportMistake } from '../kernel/mistakes.ts'
import type { Dimension } from './product.ts'
import { routeOf, type ProductNeed, type Route } from './routes.ts'

export const mostDimensions = 24
export const largestDivisor = 10n ** 15n
export const longestName = 255
export const longestUnit = 100

export interface RawDimension {
  /** The name that messages use, such as `dimensions[2]`. */
  readonly place: string
  readonly name: unknown
  readonly unit: unknown
  readonly divisor: unknown
}

/** Checks dimensions against AWS's limits (1 to 24, names of 1 to 255 characters) and for duplicates. */
export function checkDimensions(
  place: string,
  raw: readonly RawDimension[],
  report: ReportMistake,
): Dimension[] {
  if (raw.length > mostDimensions) {
    report(`${place}: ${raw.length} dimensions; AWS allows at most ${mostDimensions} a product`)
  }
  const seen = new Set<string>()
  return raw.slice(0, mostDimensions).flatMap((item) => {
    const name = checkName(item, report)
    const divisor = checkDivisor(item, report)
    const unit = checkUnit(item, report)
    if (name !== undefined && seen.has(name)) {
      report(`${item.place}: the dimension ${show(name)} is listed twice; remove one`)
    }
    if (name !== undefined) seen.add(name)
    return name === undefined || divisor === undefined ? [] : [{ name, unit, divisor }]
  })
}

/** Reports what the route needs and the product lacks. `names` are the names that messages use. */
export function checkRouteNeeds(
  route: Route,
  has: Readonly<Record<ProductNeed, boolean>>,
  names: Readonly<Record<ProductNeed, string>>,
  report: ReportMistake,
): void {
  const what = { publicKeys: "the product's public key", dimensions: 'at least one dimension' }
  for (const need of routeOf(route).needs) {
    if (!has[need]) report(`${names[need]}: missing; the route ${route} needs ${what[need]}`)
  }
}

function checkName(item: RawDimension, report: ReportMistake): string | undefined {
  const { name } = item
  if (typeof name === 'string' && isPlainText(name, longestName)) return name
  report(
    `${item.place}: the name ${show(name)} is not allowed; give the API identifier, 1 to 255 ` +
      'characters without control characters or blanks around it',
  )
  return undefined
}

function checkUnit(item: RawDimension, report: ReportMistake): string | undefined {
  const { unit } = item
  if (unit === undefined) return undefined
  if (typeof unit === 'string' && isPlainText(unit, longestUnit)) return unit
  report(`${item.place}.unit: ${show(unit)} is not allowed; give 1 to 100 characters, or remove it`)
  return undefined
}

function checkDivisor(item: RawDimension, report: ReportMistake): bigint | undefined {
  const { divisor } = item
  if (divisor === undefined) return 1n
  const digits = typeof divisor === 'string' || typeof divisor === 'number' ? String(divisor) : ''
  const value = /^[1-9]\d{0,15}$/.test(digits) ? BigInt(digits) : undefined
  if (value !== undefined && value <= largestDivisor) return value
  report(
    `${item.place}: the divisor ${show(divisor)} is not allowed; give a whole number from 1 to ` +
      `${largestDivisor}`,
  )
  return undefined
}

function isPlainText(text: string, longest: number): boolean {
  return text.length > 0 && text.length <= longest && text.trim() === text && !/\p{Cc}/u.test(text)
}
