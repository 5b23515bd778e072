import { collectMistakes, show, type Mistakes, type ReportMistake } from '../kernel/mistakes.ts'
import type { TextReader } from '../kernel/read-text.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { readProductFile } from '../product/load-product.ts'
import type { Product, ProductFile } from '../product/product.ts'
import { dimensionsSchema } from '../product/product-schema.ts'
import { parsePublicKey } from '../product/public-key.ts'
import { checkRouteNeeds } from '../product/route-needs.ts'
import { readGivenFile } from './read-given-file.ts'
import type { SettingValues } from './setting-values.ts'
import { identityNames } from './settings-table.ts'

export interface ResolvedProduct {
  readonly product: Product
  /** The file that the product was read from; undefined when the environment describes it. */
  readonly file: string | undefined
}

export interface WrongProduct {
  /** Empty when the reason is a wrong setting, which `SettingValues` reports. */
  readonly mistakes: Mistakes
  /** As in `ResolvedProduct`. */
  readonly file: string | undefined
}

/**
 * Finds the product: in the file that is baked into the image; without one in SIDECAR_PRODUCT_FILE; and
 * without that in the environment. A file decides alone: of its identity the environment can change
 * only the product code, and only to one that the file trusts.
 */
export function resolveProduct(
  values: SettingValues,
  reader: TextReader,
  bakedPath: string,
): Result<ResolvedProduct, WrongProduct> {
  const isBaked = exists(bakedPath, reader)
  const file = isBaked ? bakedPath : values.get('SIDECAR_PRODUCT_FILE')
  const product = collectMistakes((report) => {
    if (file !== undefined) return productFromFile(file, isBaked, values, reader, report)
    // A path that was given and is wrong has its own line; more would only confuse.
    if (values.given.has('SIDECAR_PRODUCT_FILE')) return undefined
    return productFromEnvironment(values, reader, report)
  })
  return product.ok
    ? succeed({ product: product.value, file })
    : fail({ mistakes: product.failure, file })
}

function exists(path: string, reader: TextReader): boolean {
  try {
    return reader.readText(path) !== undefined
  } catch {
    // It exists and can't be read: falling back to the environment would let a buyer take over.
    return true
  }
}

function productFromFile(
  path: string,
  isBaked: boolean,
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): Product | undefined {
  const forbidden = isBaked ? (['SIDECAR_PRODUCT_FILE', ...identityNames] as const) : identityNames
  for (const name of forbidden.filter((known) => values.given.has(known))) {
    report(`${name}: the product file ${path} decides this; remove the setting`)
  }
  const file = readProductFile(path, reader)
  if (file.ok) return withChosenCode(file.value, path, values, report)
  for (const mistake of file.failure) report(`${path}: ${mistake}`)
  return undefined
}

function withChosenCode(
  file: ProductFile,
  path: string,
  values: SettingValues,
  report: ReportMistake,
): Product {
  const code = values.get('SIDECAR_PRODUCT_CODE') ?? file.productCode
  const allowed = [file.productCode, ...file.trustedProductCodes]
  if (!allowed.includes(code)) {
    report(
      `SIDECAR_PRODUCT_CODE: ${show(code)} is not one that ${path} trusts; remove the setting, or ` +
        'ask the seller for an image that trusts this code',
    )
  }
  const { route, publicKeys, dimensions } = file
  return { productCode: code, route, publicKeys, dimensions }
}

function productFromEnvironment(
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): Product | undefined {
  const productCode = values.get('SIDECAR_PRODUCT_CODE')
  const route = values.get('SIDECAR_ROUTE')
  const missing = (['SIDECAR_PRODUCT_CODE', 'SIDECAR_ROUTE'] as const).filter(
    (name) => !values.given.has(name),
  )
  for (const name of missing) {
    report(`${name}: missing, and there is no product file; set it, or SIDECAR_PRODUCT_FILE`)
  }
  const publicKeys = keysFromEnvironment(values, reader, report)
  const list = values.get('SIDECAR_DIMENSIONS')
  const items = list === undefined ? [] : list.split(',').map(dimensionItem)
  const dimensions = dimensionsSchema.readItems(items, 'SIDECAR_DIMENSIONS', report)
  if (route !== undefined) {
    const has = {
      publicKeys: values.given.has('SIDECAR_PUBLIC_KEY_FILE'),
      dimensions: values.given.has('SIDECAR_DIMENSIONS'),
    }
    const names = { publicKeys: 'SIDECAR_PUBLIC_KEY_FILE', dimensions: 'SIDECAR_DIMENSIONS' }
    checkRouteNeeds(route, has, names, report)
  }
  if (productCode === undefined || route === undefined) return undefined
  return { productCode, route, publicKeys, dimensions }
}

/** `name` or `name/divisor`, as the product file would have it. */
function dimensionItem(item: string): { place: string; value: unknown } {
  const text = item.trim()
  const slash = text.lastIndexOf('/')
  return {
    place: `SIDECAR_DIMENSIONS item ${show(text)}`,
    value: slash === -1 ? text : { name: text.slice(0, slash), divisor: text.slice(slash + 1) },
  }
}

function keysFromEnvironment(
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): ReadonlyMap<number, string> {
  const path = values.get('SIDECAR_PUBLIC_KEY_FILE')
  if (path === undefined) return new Map()
  const text = readGivenFile('SIDECAR_PUBLIC_KEY_FILE', path, reader)
  if (!text.ok) {
    report(text.failure)
    return new Map()
  }
  const key = parsePublicKey(text.value)
  if (key.ok) return new Map([[values.get('SIDECAR_PUBLIC_KEY_VERSION'), key.value.pem]])
  report(`SIDECAR_PUBLIC_KEY_FILE: ${path}: ${key.failure}`)
  return new Map()
}
