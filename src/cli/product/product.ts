import { parseArgs } from 'node:util'
import { readProductFile, type ProductFile } from '../../product/load-product.ts'
import { productSchema } from '../../product/product-schema.ts'
import { productWarnings } from '../../product/product-warnings.ts'
import { fileReader, type TextReader } from '../../kernel/read-text.ts'
import { SidecarError } from '../../kernel/errors.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { productFacts, productLines } from './product-facts.ts'

export const productHelp = `Checks the product file that a seller bakes into the image.

usage: marketplace-sidecar product <action>

  check <file> [--json]   report every mistake, or what the file says; exit code 0 or 2
  schema                  print the JSON Schema of the file, for editors

docs/configuration.md describes the file.`

/** The command `product`. Resolves with the exit code. */
export function product(args: readonly string[], io: CliIo): Promise<number> {
  return productCommand(args, io, fileReader)
}

/** The same with files of the caller's choice. */
export async function productCommand(
  args: readonly string[],
  io: CliIo,
  reader: TextReader,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  })
  const [action, ...rest] = positionals
  if (values.help === true || action === undefined) {
    io.out(productHelp)
    return values.help === true ? exitCodes.ok : exitCodes.misconfigured
  }
  if (action === 'schema' && rest.length === 0) {
    io.out(JSON.stringify(productSchema, null, 2))
    return exitCodes.ok
  }
  const [path] = rest
  if (action !== 'check' || path === undefined || rest.length > 1)
    throw new SidecarError(
      'InvalidArguments',
      'Give "product check <file>" or "product schema". "product --help" tells more.',
    )
  const finding = check(path, reader)
  return values.json ? printJson(finding, io) : printText(finding, io)
}

interface Finding {
  readonly path: string
  readonly mistakes: readonly string[]
  readonly warnings: readonly string[]
  /** Undefined when there are mistakes. */
  readonly file: ProductFile | undefined
}

function check(path: string, reader: TextReader): Finding {
  const mistakes: string[] = []
  const prefix = `${path}: `
  const read = readProductFile(path, reader, (line) =>
    mistakes.push(line.startsWith(prefix) ? line.slice(prefix.length) : line),
  )
  const file = mistakes.length === 0 ? read : undefined
  return { path, mistakes, file, warnings: file === undefined ? [] : productWarnings(file) }
}

function printJson({ path, mistakes, warnings, file }: Finding, io: CliIo): number {
  const body = {
    file: path,
    ok: file !== undefined,
    mistakes,
    warnings,
    product: file === undefined ? null : productFacts(file),
  }
  io.out(JSON.stringify(body, null, 2))
  return file === undefined ? exitCodes.misconfigured : exitCodes.ok
}

function printText({ path, mistakes, warnings, file }: Finding, io: CliIo): number {
  if (file === undefined) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
    throw new SidecarError(
      'InvalidProductFile',
      [`${path} has ${count}:`, ...mistakes.map((line) => `- ${line}`)].join('\n'),
    )
  }
  io.out(`${path} is fine.`)
  for (const line of productLines(file)) io.out(line)
  for (const warning of warnings) io.out(`warning        ${warning}`)
  return exitCodes.ok
}
