import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { parseProductFile } from '../../../src/product/load-product.ts'
import { productSchema } from '../../../src/product/product-schema.ts'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const complete = {
  productCode: 'code-1',
  trustedProductCodes: ['code-2'],
  publicKeys: { '1': pem, '12': pem },
  route: 'both',
  dimensions: [{ name: 'storage', unit: 'bytes', divisor: 1024 }, 'requests'],
}

const app = fastify({
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
})
// Fastify's validator implements the previous draft; the two agree on everything used here.
const { $schema: _, ...body } = productSchema
app.post('/', { schema: { body } }, () => 'fine')

async function schemaAccepts(document: unknown): Promise<boolean> {
  const answer = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(document),
  })
  return answer.statusCode === 200
}

function loaderAccepts(document: unknown): boolean {
  return parseProductFile(JSON.stringify(document)).ok
}

const many = (count: number) => Array.from({ length: count }, (_each, index) => `d${index}`)

/** Changes of a good file, and whether they are allowed. */
const changes: readonly (readonly [string, object, boolean])[] = [
  ['nothing', {}, true],
  ['a schema for the editor', { $schema: './product.schema.json' }, true],
  ['a schema that is not a text', { $schema: 1 }, false],
  ['another member', { colour: 'red' }, false],
  ['no product code', { productCode: undefined }, false],
  ['an empty product code', { productCode: '' }, false],
  ['a product code with a blank', { productCode: 'a b' }, false],
  ['a product code of 255 characters', { productCode: 'a'.repeat(255) }, true],
  ['a product code of 256 characters', { productCode: 'a'.repeat(256) }, false],
  ['no trusted codes', { trustedProductCodes: undefined }, true],
  ['a trusted code that is not allowed', { trustedProductCodes: ['ok', '!'] }, false],
  ['trusted codes that are not a list', { trustedProductCodes: 'code-2' }, false],
  ['a key version of 0', { publicKeys: { '0': pem } }, false],
  ['a key version with a letter', { publicKeys: { v1: pem } }, false],
  ['a key that is not a PEM', { publicKeys: { '1': 'AAAA' } }, false],
  ['keys in a list', { publicKeys: [pem] }, false],
  [
    'a record for the whole cluster',
    { dimensions: [{ name: 'requests', scope: 'cluster' }] },
    true,
  ],
  [
    'the last value of a whole cluster',
    { dimensions: [{ name: 'users', scope: 'cluster', aggregate: 'last' }] },
    false,
  ],
  ['another scope', { dimensions: [{ name: 'requests', scope: 'region' }] }, false],
  ['no keys', { publicKeys: {} }, false],
  ['no keys where nothing needs one', { publicKeys: undefined, route: 'metered' }, true],
  ['an unknown route', { route: 'free' }, false],
  ['no route', { route: undefined }, false],
  ['fixed settings', { settings: { SIDECAR_LATE_USAGE: 'hold' } }, true],
  ['a fixed setting that is no text', { settings: { SIDECAR_GRACE_SECONDS: 0 } }, false],
  ['a fixed setting of another program', { settings: { AWS_REGION: 'us-east-1' } }, false],
  ['fixed settings in a list', { settings: ['SIDECAR_LATE_USAGE'] }, false],
  ['no dimensions', { dimensions: [] }, false],
  ['no dimensions where nothing needs one', { dimensions: undefined, route: 'hourly' }, true],
  ['24 dimensions', { dimensions: many(24) }, true],
  ['25 dimensions', { dimensions: many(25) }, false],
  ['a name with a blank in it', { dimensions: ['a b'] }, true],
  ['a name of one character', { dimensions: ['a'] }, true],
  ['a name with a blank before it', { dimensions: [' a'] }, false],
  ['a name with a line break', { dimensions: ['a\nb'] }, false],
  ['an empty name', { dimensions: [''] }, false],
  ['a name of 256 characters', { dimensions: ['a'.repeat(256)] }, false],
  ['a dimension without a name', { dimensions: [{ unit: 'bytes' }] }, false],
  ['a dimension with another member', { dimensions: [{ name: 'a', colour: 'red' }] }, false],
  ['an empty unit', { dimensions: [{ name: 'a', unit: '' }] }, false],
  ['a divisor of 0', { dimensions: [{ name: 'a', divisor: 0 }] }, false],
  ['a divisor with a fraction', { dimensions: [{ name: 'a', divisor: 1.5 }] }, false],
  ['the largest divisor', { dimensions: [{ name: 'a', divisor: 10 ** 15 }] }, true],
  ['the largest divisor in quotes', { dimensions: [{ name: 'a', divisor: `${10 ** 15}` }] }, true],
  ['a larger divisor', { dimensions: [{ name: 'a', divisor: 10 ** 15 + 1 }] }, false],
  [
    'a larger divisor in quotes',
    { dimensions: [{ name: 'a', divisor: '1000000000000001' }] },
    false,
  ],
]

describe('the schema of the product file', () => {
  test.each(changes)('and the loader agree on %s', async (_name, change, allowed) => {
    const document = { ...complete, ...change }
    expect(loaderAccepts(document)).toBe(allowed)
    expect(await schemaAccepts(document)).toBe(allowed)
  })

  test.each([[], 'text', null, 5])('and the loader refuse %j', async (document) => {
    expect(loaderAccepts(document)).toBe(false)
    expect(await schemaAccepts(document)).toBe(false)
  })

  test('has every member of the file', () => {
    expect(Object.keys(productSchema.properties)).toEqual([
      '$schema',
      'productCode',
      'trustedProductCodes',
      'publicKeys',
      'route',
      'region',
      'customerIds',
      'dimensions',
      'untaggedAs',
      'replaces',
      'settings',
      'operator',
    ])
  })

  test('is what docs/reference/product.schema.json says', () => {
    const file = new URL('../../../docs/reference/product.schema.json', import.meta.url)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(productSchema)
  })
})
