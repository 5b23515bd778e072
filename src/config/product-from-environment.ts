import { show, type ReportMistake } from '../kernel/schema/mistakes.ts'
import type { TextReader } from '../kernel/text/read-text.ts'
import type { Product } from '../product/product.ts'
import { dimensionsSchema } from '../product/product-schema.ts'
import { parsePublicKey } from '../product/public-key.ts'
import { checkRouteNeeds } from '../product/route-needs.ts'
import { readGivenFile } from './read-given-file.ts'
import type { SettingValues } from './settings/setting-values.ts'

/** Reads the product that the environment describes; undefined when its code or route is not known. */
export function productFromEnvironment(
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
      // A product with customers has a file.
      region: false,
      customerIds: false,
    }
    const names = {
      publicKeys: 'SIDECAR_PUBLIC_KEY_FILE',
      dimensions: 'SIDECAR_DIMENSIONS',
      region: 'region',
      customerIds: 'customerIds',
    }
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
