import { largestDivisor, longestName, longestUnit, mostDimensions } from './check-product.ts'
import { productCodePattern } from './patterns.ts'
import { pricingInWords, routeNames, routeOf, type ProductNeed } from './routes.ts'

const productCode = { type: 'string', pattern: productCodePattern.source }
/** No blanks around it, and no control characters. */
const plain = String.raw`^[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$`
const name = {
  type: 'string',
  minLength: 1,
  maxLength: longestName,
  pattern: plain,
  description: 'The API identifier of the dimension, not its display name.',
}

/** The condition that a route which needs the member has it, and not empty. */
function needed(need: ProductNeed, type: object): object {
  const needing = routeNames.filter((route) => routeOf(route).needs.includes(need))
  return {
    if: { properties: { route: { enum: needing } }, required: ['route'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: [need], properties: { [need]: type } },
  }
}

/**
 * The product file as a JSON Schema, for editors and for sellers' own checks: docs/product.schema.json.
 * What it cannot say, such as whether a PEM is an RSA key, `marketplace-sidecar product check` does.
 */
export const productSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The product file of marketplace-sidecar',
  description:
    'What a seller bakes into the image at /etc/marketplace-sidecar/product.json. Check it with: marketplace-sidecar product check product.json',
  type: 'object',
  additionalProperties: false,
  required: ['productCode', 'route'],
  properties: {
    $schema: { type: 'string', description: 'For editors; it has no effect.' },
    productCode: { ...productCode, description: 'The product code from the Marketplace portal.' },
    trustedProductCodes: {
      type: 'array',
      items: productCode,
      description: 'Codes that SIDECAR_PRODUCT_CODE may choose instead of productCode.',
    },
    publicKeys: {
      type: 'object',
      additionalProperties: false,
      patternProperties: {
        '^[1-9][0-9]{0,9}$': {
          type: 'string',
          pattern: '-----BEGIN (RSA )?PUBLIC KEY-----',
          description: 'The PEM of an RSA public key, line breaks included.',
        },
      },
      description:
        "The product's public keys by version, the next one too as soon as the portal shows it.",
    },
    route: {
      enum: routeNames,
      description: `How the listing is priced: ${pricingInWords()}.`,
    },
    dimensions: {
      type: 'array',
      maxItems: mostDimensions,
      items: {
        anyOf: [
          name,
          {
            type: 'object',
            additionalProperties: false,
            required: ['name'],
            properties: {
              name,
              unit: {
                type: 'string',
                minLength: 1,
                maxLength: longestUnit,
                pattern: plain,
                description: 'What the application counts in, for people.',
              },
              divisor: {
                anyOf: [
                  { type: 'integer', minimum: 1, maximum: Number(largestDivisor) },
                  { type: 'string', pattern: '^(?:[1-9][0-9]{0,14}|10{15})$' },
                ],
                description: "How many of the application's units make one of AWS's.",
              },
            },
          },
        ],
      },
    },
  },
  allOf: [
    needed('publicKeys', { type: 'object', minProperties: 1 }),
    needed('dimensions', { type: 'array', minItems: 1 }),
  ],
} as const
