import { writeFileSync } from 'node:fs'
import { SidecarError } from '../../kernel/errors.ts'
import type { TextReader } from '../../kernel/text/read-text.ts'
import { parseProductFile } from '../../product/load-product.ts'
import { placeholderCode } from '../../product/product-warnings.ts'
import { routeNames, routeOf, routesThat } from '../../product/routes.ts'
import type { CliIo } from '../cli-io.ts'
import { invalidArguments } from '../command-line.ts'
import { exitCodes } from '../exit-codes.ts'

interface InitOptions {
  readonly 'product-code'?: string | undefined
  readonly route?: string | undefined
  readonly 'public-key'?: string | undefined
  readonly dimension?: readonly string[] | undefined
  readonly region?: string | undefined
  readonly 'customer-ids'?: string | undefined
}

/** Writes a product file at `path`, which must not exist: `product init`. Throws InvalidArguments. */
export function initProduct(
  path: string,
  options: InitOptions,
  io: CliIo,
  reader: TextReader,
): number {
  const text = `${JSON.stringify(productOf(options, reader), null, 2)}\n`
  const file = parseProductFile(text)
  if (!file.ok) throw invalidArguments(`${file.failure.join('. ')}.`, 'product')
  write(path, text)
  io.out(`Wrote ${path}.`)
  if (options['product-code'] === undefined)
    io.out(`Replace ${placeholderCode} in it with your product code from the AWS portal.`)
  io.out('Check it with:')
  io.out(`marketplace-sidecar product check ${path}`)
  return exitCodes.ok
}

function productOf(options: InitOptions, reader: TextReader): object {
  const { route: wanted, 'public-key': keyFile, dimension: names = ['requests'] } = options
  const route = wanted ?? (keyFile === undefined ? 'metered' : 'both')
  const known = routeNames.find((name) => name === route)
  if (known === undefined)
    throw invalidArguments(
      `--route must be ${routesThat(() => true, 'or')}, not ${route}.`,
      'product',
    )
  const { needs } = routeOf(known)
  if (needs.includes('publicKeys') && keyFile === undefined)
    throw invalidArguments(
      `The route ${known} needs --public-key, the file with the public key of the AWS portal.`,
      'product',
    )
  return {
    productCode: options['product-code'] ?? placeholderCode,
    route: known,
    ...(keyFile !== undefined && { publicKeys: { 1: readKey(keyFile, reader) } }),
    ...(needs.includes('region') && {
      region: options.region ?? 'us-east-1',
      customerIds: options['customer-ids'] ?? 'license-arn',
    }),
    ...(needs.includes('dimensions') && { dimensions: names.map((name) => ({ name })) }),
  }
}

function readKey(path: string, reader: TextReader): string {
  const text = reader.readText(path)
  if (text === undefined) throw invalidArguments(`There is no file ${path}.`, 'product')
  return text.trim()
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const reason = exists
      ? 'It exists, and init never changes a file: give another name, or remove it first'
      : String(cause)
    throw new SidecarError('InvalidArguments', `Cannot write ${path}. ${reason}.`, { cause })
  }
}
