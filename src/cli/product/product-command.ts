import { helpOption, invalidArguments, readArguments, unknownName } from '../command-line.ts'
import { readPinned } from '../../config/settings/pinned-settings.ts'
import { compareProducts } from '../../product/compare-products.ts'
import { readProductFile } from '../../product/load-product.ts'
import type { ProductFile } from '../../product/product.ts'
import { productSchema } from '../../product/product-schema.ts'
import { productWarnings } from '../../product/product-warnings.ts'
import { SidecarError } from '../../kernel/errors.ts'
import { collectMistakes, type Mistakes } from '../../kernel/schema/mistakes.ts'
import { fileReader, type TextReader } from '../../kernel/text/read-text.ts'
import type { Result } from '../../kernel/result.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { pastClosedPipe } from '../past-closed-pipe.ts'
import { wrap } from '../text-table.ts'
import { productFacts, productLines } from '../product-facts.ts'
import { initProduct } from './product-init.ts'

const productHelp = `Writes and checks the product file that a seller bakes into the image.

usage: marketplace-sidecar product <action>

  init [<file>]           write a file (product.json) for your product
    --public-key <pem>    file with the public key from the AWS portal; makes the route both
    --product-code <code> the product code from the AWS portal
    --route <route>       hourly, metered, both or saas
    --dimension <name>    a metered dimension (requests); may be given several times
    --region <region>     of saas: where its usage is billed (us-east-1)
    --customer-ids <form> of saas: license-arn, account or identifier (license-arn)
  check <file> [--json]   list every mistake, or print what the file says; exit code 0 or 2
    --against <old file>  also say what the change does to usage that is open
  schema                  print the JSON Schema of the file, for editors

docs/reference/configuration.md describes the file.`

/** The command `product`. Resolves with the exit code. */
export function product(args: readonly string[], io: CliIo): Promise<number> {
  return productCommand(args, pastClosedPipe(io), fileReader)
}

/** The same, with the caller's file reader. */
export async function productCommand(
  args: readonly string[],
  io: CliIo,
  reader: TextReader,
): Promise<number> {
  const { values, positionals } = readArguments('product', args, {
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      against: { type: 'string' },
      'product-code': { type: 'string' },
      route: { type: 'string' },
      'public-key': { type: 'string' },
      dimension: { type: 'string', multiple: true },
      region: { type: 'string' },
      'customer-ids': { type: 'string' },
      help: helpOption,
    },
  })
  const [action, ...rest] = positionals
  if (values.help || action === undefined) {
    io.out(productHelp)
    return values.help ? exitCodes.ok : exitCodes.misconfigured
  }
  if (action === 'schema' && rest.length === 0) {
    io.out(JSON.stringify(productSchema, null, 2))
    return exitCodes.ok
  }
  const [path] = rest
  if (action === 'init' && rest.length < 2)
    return initProduct(path ?? 'product.json', values, io, reader)
  if (action !== 'check' || path === undefined || rest.length > 1)
    throw actions.includes(action)
      ? invalidArguments(`"product ${action}" takes ${actionTakes(action)}.`, 'product')
      : unknownName('product action', action, actions, 'product')
  const file = readChecked(path, reader)
  const old = values.against === undefined ? undefined : readOld(values.against, reader)
  return values.json ? printJson(path, file, old, io) : printText(path, file, old, io)
}

const actions: readonly string[] = ['init', 'check', 'schema']

function actionTakes(action: string): string {
  return action === 'schema' ? 'no file' : 'one file'
}

type ReadFile = Result<ProductFile, Mistakes>

/** The file, with the mistakes in the settings that it fixes. */
function readChecked(path: string, reader: TextReader): ReadFile {
  const file = readProductFile(path, reader)
  return file.ok
    ? collectMistakes((report) => {
        readPinned(file.value.settings, report)
        return file.value
      })
    : file
}

/** The file of the image that runs now, which must be right. */
function readOld(path: string, reader: TextReader): ProductFile {
  const old = readProductFile(path, reader)
  if (!old.ok) throw wrongFile(path, old.failure)
  return old.value
}

function printJson(path: string, file: ReadFile, old: ProductFile | undefined, io: CliIo): number {
  const body = {
    file: path,
    ok: file.ok,
    mistakes: file.ok ? [] : file.failure,
    warnings: file.ok ? productWarnings(file.value) : [],
    product: file.ok ? productFacts(file.value) : null,
    ...(old && { changes: file.ok ? compareProducts(old, file.value) : [] }),
  }
  io.out(JSON.stringify(body, null, 2))
  return file.ok ? exitCodes.ok : exitCodes.misconfigured
}

function printText(path: string, file: ReadFile, old: ProductFile | undefined, io: CliIo): number {
  if (!file.ok) throw wrongFile(path, file.failure)
  const warnings = productWarnings(file.value)
  io.out(warnings.length === 0 ? `${path} is fine.` : `${path} is valid, with warnings:`)
  for (const warning of warnings) io.out(`warning        ${warning}`)
  for (const line of productLines(file.value)) io.out(line)
  if (old !== undefined) {
    io.out('')
    for (const { dimension, change, effect } of compareProducts(old, file.value))
      for (const line of wrap(`${dimension}: ${change}. ${effect}`, 2)) io.out(line)
  }
  return exitCodes.ok
}

function wrongFile(path: string, mistakes: Mistakes): SidecarError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  const lines = [`${path} has ${count}:`, ...mistakes.map((line) => `- ${line}`)]
  return new SidecarError('InvalidProductFile', lines.join('\n'))
}
