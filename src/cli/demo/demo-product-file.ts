import { resolve } from 'node:path'
import { isObject, type Members } from '../../kernel/is-object.ts'
import { demoProduct } from '../../emulator/demo-product.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { TextReader } from '../../kernel/text/read-text.ts'
import { hasCustomers, routeNames, routeOf, type Route } from '../../product/routes.ts'
import { invalidArguments } from '../command-line.ts'
import { sourceDimensions } from './demo-application.ts'
import type { DemoEmulator, ListedProduct } from './demo-emulator.ts'
import type { DemoOptions } from './demo-options.ts'

/** A product file as the demo runs it, and how the emulator lists it. */
export interface DemoProductFile {
  /** What messages call it: the seller's own path, where there is one. */
  readonly path: string
  readonly text: string
  readonly region: string | undefined
  readonly hasCustomers: boolean
  readonly listed: ListedProduct
}

/** What the demo decides itself, whatever the product file pins. */
const ownSettings = [
  'SIDECAR_AWS_ENDPOINT',
  'SIDECAR_DATA_DIR',
  'SIDECAR_LISTEN',
  'SIDECAR_OPS_LISTEN',
]

const saasFile = {
  productCode: demoProduct.productCode,
  route: 'saas',
  region: 'us-east-1',
  customerIds: 'license-arn',
  dimensions: demoProduct.dimensions,
}

/**
 * Has the emulator sell the product of the file that the options name, or that of the route `saas` or of a source, and
 * returns the file with the emulator's public key. Undefined where the environment describes the product.
 * Throws InvalidArguments.
 */
export async function demoProductFile(
  { product: path, route, source }: Pick<DemoOptions, 'product' | 'route' | 'source'>,
  emulator: DemoEmulator,
  reader: TextReader,
): Promise<DemoProductFile | undefined> {
  const file = fileOf({ path, route, source }, reader)
  if (file === undefined) return undefined
  const known = routeNames.find((name) => name === file['route']) ?? 'both'
  const listed = await emulator.sell({
    productCode: textOf(file['productCode']) ?? '',
    dimensions: dimensionsOf(file['dimensions']),
    route: listingOf(known),
  })
  const settings = file['settings']
  const keys = routeOf(known).needs.includes('publicKeys')
  const running = {
    ...file,
    ...(keys && { publicKeys: { 1: listed.publicKeyPem } }),
    ...(isObject(settings) && { settings: withoutOwn(settings) }),
  }
  return {
    path: path === undefined ? '/demo/product.json' : resolve(path),
    text: JSON.stringify(running),
    region: textOf(file['region']),
    hasCustomers: hasCustomers(known),
    listed,
  }
}

function fileOf(
  {
    path,
    route,
    source,
  }: Pick<DemoOptions, 'route' | 'source'> & { readonly path: string | undefined },
  reader: TextReader,
): Members | undefined {
  if (path !== undefined) return readFile(path, reader)
  if (hasCustomers(route)) return saasFile
  const { productCode } = demoProduct
  return source === undefined
    ? undefined
    : { productCode, route, dimensions: sourceDimensions(source) }
}

function listingOf(route: Route): 'hourly' | 'metered' | 'both' {
  return route === 'saas' ? 'metered' : route
}

function readFile(path: string, reader: TextReader): Members {
  const text = reader.readText(path)
  if (text === undefined) throw invalidArguments(`There is no file ${path}.`, 'demo')
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw invalidArguments(`${path} is not JSON: ${messageOf(error)}.`, 'demo')
  }
  if (isObject(content)) return content
  throw invalidArguments(`${path} is not a product file: it has no object.`, 'demo')
}

function dimensionsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).flatMap((item: unknown) => {
    const name = isObject(item) ? item['name'] : item
    return typeof name === 'string' && name !== '' ? [name] : []
  })
}

function withoutOwn(settings: Members): Members {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => !ownSettings.includes(name)),
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
