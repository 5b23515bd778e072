import { messageOf } from '../kernel/errors.ts'
import { collectMistakes, show, type Mistakes, type ReportMistake } from '../kernel/mistakes.ts'
import type { TextReader } from '../kernel/read-text.ts'
import { fail, type Result } from '../kernel/result.ts'
import { checkDimensions, checkRouteNeeds, type RawDimension } from './check-product.ts'
import { productCodePattern } from './patterns.ts'
import type { Product } from './product.ts'
import { parsePublicKey } from './public-key.ts'
import { routeNames, type Route } from './routes.ts'

/** A product file, checked. */
export interface ProductFile extends Product {
  /** Codes that the environment may choose instead of `productCode`. */
  readonly trustedProductCodes: readonly string[]
}

/** `$schema` is for the seller's editor and has no effect. */
export const productMembers = [
  '$schema',
  'productCode',
  'trustedProductCodes',
  'publicKeys',
  'route',
  'dimensions',
] as const

type Members = Readonly<Record<string, unknown>>

/** Reads and checks the product file at `path`. The mistakes do not name the path. */
export function readProductFile(path: string, reader: TextReader): Result<ProductFile, Mistakes> {
  try {
    const text = reader.readText(path)
    return text === undefined
      ? fail(['there is no such product file; mount it, or correct SIDECAR_PRODUCT_FILE'])
      : parseProductFile(text)
  } catch (error) {
    return fail([`the product file can't be read: ${oneLine(messageOf(error))}`])
  }
}

/** Checks the text of a product file. */
export function parseProductFile(text: string): Result<ProductFile, Mistakes> {
  let document: unknown
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return fail([`it is not JSON: ${oneLine(messageOf(error))}`])
  }
  return isObject(document)
    ? collectMistakes((report) => checkMembers(document, report))
    : fail(['it must be a JSON object with productCode, route and what the route needs'])
}

function checkMembers(document: Members, report: ReportMistake): ProductFile | undefined {
  reportUnknownMembers('', document, productMembers, report)
  if (document['$schema'] !== undefined && typeof document['$schema'] !== 'string') {
    report(`$schema: ${show(document['$schema'])} is not allowed; give an address, or remove it`)
  }
  const productCode = checkCode('productCode', document['productCode'], report)
  const trustedProductCodes = checkTrusted(document['trustedProductCodes'], report)
  const publicKeys = checkKeys(document['publicKeys'], report)
  const dimensions = checkDimensions('dimensions', rawDimensions(document, report), report)
  const route = checkRoute(document['route'], report)
  if (route !== undefined) {
    const has = {
      publicKeys: !isEmpty(document['publicKeys']),
      dimensions: !isEmpty(document['dimensions']),
    }
    checkRouteNeeds(route, has, { publicKeys: 'publicKeys', dimensions: 'dimensions' }, report)
  }
  if (productCode === undefined || route === undefined) return undefined
  return { productCode, trustedProductCodes, publicKeys, route, dimensions }
}

function checkCode(place: string, value: unknown, report: ReportMistake): string | undefined {
  if (typeof value === 'string' && productCodePattern.test(value)) return value
  report(
    value === undefined
      ? `${place}: missing; give the product code from the Marketplace portal`
      : `${place}: ${show(value)} is not allowed; give 1 to 255 letters, digits and -/=:_.@`,
  )
  return undefined
}

function checkTrusted(value: unknown, report: ReportMistake): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    report(`trustedProductCodes: ${show(value)} is not allowed; give a list of product codes`)
    return []
  }
  return value.flatMap(
    (code, index) => checkCode(`trustedProductCodes[${index}]`, code, report) ?? [],
  )
}

function checkKeys(value: unknown, report: ReportMistake): ReadonlyMap<number, string> {
  const keys = new Map<number, string>()
  if (value === undefined) return keys
  if (!isObject(value)) {
    report('publicKeys: give an object from key version to PEM, such as {"1": "-----BEGIN ..."}')
    return keys
  }
  for (const [version, pem] of Object.entries(value)) {
    const place = `publicKeys[${show(version)}]`
    if (!/^[1-9]\d{0,9}$/.test(version) || Number(version) > 2_147_483_647) {
      report(`${place}: the version is not allowed; give a whole number from 1 to 2147483647`)
      continue
    }
    const key = parsePublicKey(typeof pem === 'string' ? pem : '')
    if (key.ok) keys.set(Number(version), key.value.pem)
    else report(`${place}: ${key.failure}`)
  }
  return keys
}

function checkRoute(value: unknown, report: ReportMistake): Route | undefined {
  const route = routeNames.find((known) => known === value)
  if (route === undefined) {
    const what = value === undefined ? 'missing' : `${show(value)} is not allowed`
    report(`route: ${what}; give one of ${routeNames.join(', ')}`)
  }
  return route
}

function rawDimensions(document: Members, report: ReportMistake): RawDimension[] {
  const value = document['dimensions']
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    report(`dimensions: ${show(value)} is not allowed; give a list of names or objects`)
    return []
  }
  return value.map((item: unknown, index) => {
    const place = `dimensions[${index}]`
    if (!isObject(item)) return { place, name: item, unit: undefined, divisor: undefined }
    reportUnknownMembers(`${place}.`, item, ['name', 'unit', 'divisor'], report)
    return { place, name: item['name'], unit: item['unit'], divisor: item['divisor'] }
  })
}

function reportUnknownMembers(
  prefix: string,
  members: Members,
  known: readonly string[],
  report: ReportMistake,
): void {
  for (const name of Object.keys(members)) {
    if (!known.includes(name)) {
      report(`${prefix}${show(name)}: there is no such member; known are ${known.join(', ')}`)
    }
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
