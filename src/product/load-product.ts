import { messageOf } from '../kernel/errors.ts'
import { collectMistakes, show, type Mistakes } from '../kernel/schema/mistakes.ts'
import type { TextReader } from '../kernel/text/read-text.ts'
import { fail, type Result } from '../kernel/result.ts'
import { repeatedMember } from '../kernel/text/repeated-member.ts'
import { roundedNumber } from '../kernel/text/rounded-number.ts'
import { isObject } from '../kernel/is-object.ts'
import type { ProductFile } from './product.ts'
import { productFileSchema } from './product-schema.ts'

const noSuchFile =
  'there is no such file; correct the path, in SIDECAR_PRODUCT_FILE where a setting names it, or write one with "product init"'

/** Reads and checks the product file at `path`. The mistakes do not name the path. */
export function readProductFile(path: string, reader: TextReader): Result<ProductFile, Mistakes> {
  try {
    const text = reader.readText(path)
    return text === undefined ? fail([noSuchFile]) : parseProductFile(text)
  } catch (error) {
    return fail([`the product file can't be read: ${oneLine(messageOf(error))}`])
  }
}

/** Checks the text of a product file. */
export function parseProductFile(text: string): Result<ProductFile, Mistakes> {
  let document: unknown
  try {
    const content = text.replace(/^\uFEFF/, '')
    document = JSON.parse(content)
    const rounded = roundedNumber(content)
    if (rounded !== undefined)
      return fail([
        `the number ${show(rounded)} can't be read exactly; round it, or write it in quotes`,
      ])
    const repeated = repeatedMember(content, document)
    if (repeated !== undefined)
      return fail([`${show(repeated)} stands twice in one object; join the two, or remove one`])
  } catch (error) {
    return fail([`it is not JSON: ${oneLine(messageOf(error))}`])
  }
  return isObject(document)
    ? collectMistakes((report) => productFileSchema.read(document, '', report))
    : fail(['it must be a JSON object with productCode, route and what the route needs'])
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
