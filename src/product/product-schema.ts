import { isObject } from '../kernel/is-object.ts'
import { object, optional, orOnly, required, type Rule } from '../kernel/schema/object-schema.ts'
import { regionPattern } from '../kernel/text/region-name.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import {
  choice,
  described,
  list,
  mapOf,
  notAllowed,
  parsed,
  text,
  type Schema,
} from '../kernel/schema/schema.ts'
import { awsLimits } from '../metering/aws-limits.ts'
import { aggregates, scopes } from '../metering/account.ts'
import { fractionRules } from '../metering/amount.ts'
import { customerForms } from '../metering/customer.ts'
import { largestWhole, parseQuantity } from '../metering/quantity.ts'
import { canonicalTags, type TagSet } from '../metering/tags.ts'
import { productCodePattern, productCodeRange, tagText } from './patterns.ts'
import { parsePublicKey } from './public-key.ts'
import { dimensionRule } from './dimension-rule.ts'
import { dimensionSourceSchema } from './dimension-source.ts'
import { replacesRule } from './replaces-rule.ts'
import { needsRule, tooManyDimensions } from './route-needs.ts'
import { pricingInWords, routeNames } from './routes.ts'

const largestDivisor = 10n ** 15n

/** No blanks around it, and no control characters. */
const plain = new RegExp(
  String.raw`^[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$`,
)

const productCode = text({
  pattern: productCodePattern,
  give: productCodeRange,
})

const publicKey: Schema<string> = parsed(
  { type: 'string', pattern: '-----BEGIN (RSA )?PUBLIC KEY-----' },
  (value) => {
    const key = parsePublicKey(typeof value === 'string' ? value : '')
    return key.ok ? succeed(key.value.pem) : key
  },
)

function parseKeyVersion(version: string): Result<number, string> {
  return /^[1-9]\d{0,9}$/.test(version) && Number(version) <= awsLimits.publicKeyVersion
    ? succeed(Number(version))
    : fail(
        `the version is not allowed; give a whole number from 1 to ${awsLimits.publicKeyVersion}`,
      )
}

const divisor: Schema<bigint> = {
  noun: 'the divisor',
  ...parsed(
    {
      anyOf: [
        { type: 'integer', minimum: 1, maximum: Number(largestDivisor) },
        { type: 'string', pattern: '^(?:[1-9][0-9]{0,14}|10{15})$' },
      ],
    },
    (value) => {
      const digits = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
      const parts = /^[1-9]\d{0,15}$/.test(digits) ? BigInt(digits) : 0n
      return parts > 0n && parts <= largestDivisor
        ? succeed(parts)
        : notAllowed(value, `a whole number from 1 to ${largestDivisor}`, 'the divisor')
    },
  ),
}

const maxPerHour: Schema<bigint> = parsed(
  {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0, maximum: Number(largestWhole) },
      { type: 'string', pattern: String.raw`^[0-9]+(\.[0-9]{1,6})?$` },
    ],
  },
  (value) => {
    const quantity = parseQuantity(value)
    return quantity.ok && quantity.value > 0n
      ? quantity
      : notAllowed(value, `a quantity above 0, up to ${largestWhole}`)
  },
)

const staleAfterSeconds: Schema<number> = parsed(
  { type: 'integer', minimum: 1, maximum: 3600 },
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 3600
      ? succeed(value)
      : notAllowed(value, 'a whole number of seconds from 1 to 3600'),
)

function isTagText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest && tagText.test(value)
}

const untaggedAs: Schema<TagSet> = parsed(
  {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    propertyNames: { pattern: tagText.source, maxLength: awsLimits.tagKeyLength },
    additionalProperties: {
      type: 'string',
      pattern: tagText.source,
      maxLength: awsLimits.tagValueLength,
    },
  },
  (value) => {
    const [[key, content] = [], ...more] = isObject(value) ? Object.entries(value) : []
    return more.length === 0 &&
      isTagText(key, awsLimits.tagKeyLength) &&
      isTagText(content, awsLimits.tagValueLength)
      ? succeed(canonicalTags([{ key, value: content }]))
      : notAllowed(value, 'an object with one tag, such as {"team": "none"}')
  },
)

/** What a baked product file can allow the operator, who is the buyer there. */
export const operatorPermissions = ['void', 'resolve-delivered'] as const

export const dimensionSchema = object(
  {
    name: required(
      described(
        text(
          {
            pattern: plain,
            longest: awsLimits.dimensionNameLength,
            give: `the API identifier, 1 to ${awsLimits.dimensionNameLength} characters without control characters or blanks around it`,
          },
          'the name',
        ),
        'The API identifier of the dimension, not its display name.',
      ),
    ),
    unit: optional(
      described(
        text({ pattern: plain, longest: 100, give: '1 to 100 characters, or remove it' }),
        'What the application counts in, for people.',
      ),
    ),
    divisor: optional(
      described(divisor, "How many of the application's units make one of AWS's."),
      1n,
    ),
    fractions: optional(
      described(
        choice(fractionRules),
        "What is below one of AWS's whole units: it is carried to the next hour, or sent (send) as a decimal with six places.",
      ),
    ),
    maxPerHour: optional(
      described(
        maxPerHour,
        "How many of the application's units an hour plausibly has at most. More is held until an operator decides.",
      ),
    ),
    aggregate: optional(
      described(
        choice(aggregates),
        'How the reports of an hour add up: sum, the largest (max) or last value, distinct members (unique), or value times hours (integral).',
      ),
    ),
    scope: optional(
      described(
        choice(scopes),
        'Whose usage one record of an hour holds: that of each task or pod (resource), or of all that share a database (cluster).',
      ),
    ),
    from: optional(
      described(
        dimensionSourceSchema,
        'Where the usage of the dimension comes from; reports from anywhere else are refused.',
      ),
    ),
    staleAfterSeconds: optional(
      described(
        staleAfterSeconds,
        'How long a value of an integral stands when no other follows; 300 if it is missing.',
      ),
    ),
    replaces: optional(
      described(
        list(text({ pattern: plain, longest: awsLimits.dimensionNameLength, give: 'a name' }), {
          give: 'a list of names',
        }),
        'Earlier names of the dimension, whose refused records are sealed again as this one.',
      ),
    ),
  },
  dimensionRule,
)

/** Dimensions that a product which the buyer runs may have, each named once. */
export const dimensionsSchema = dimensionsUpTo(awsLimits.containerDimensions)

function dimensionsUpTo(most: number) {
  return list(orOnly(dimensionSchema, 'name'), {
    most,
    tooMany: (count) => tooManyDimensions(count, most),
    unique: { of: ({ name }) => name, noun: 'the dimension' },
    give: 'a list of names or objects',
  })
}

/** What the members of the file need of each other. */
const fileRule: Rule = {
  check(members, report) {
    needsRule.check(members, report)
    replacesRule.check(members, report)
  },
  json: [...needsRule.json, ...replacesRule.json],
}

/** The product file: its members, in the order in which mistakes are listed. */
export const productFileSchema = object(
  {
    $schema: optional(
      described(text({ give: 'an address, or remove it' }), 'For editors; it has no effect.'),
    ),
    productCode: required(
      described(productCode, 'The product code from the Marketplace portal.'),
      'give the product code from the Marketplace portal',
    ),
    trustedProductCodes: optional(
      described(
        list(productCode, { give: 'a list of product codes' }),
        'Codes that SIDECAR_PRODUCT_CODE may choose instead of productCode.',
      ),
      [],
    ),
    publicKeys: optional(
      described(
        mapOf(described(publicKey, 'The PEM of an RSA public key, line breaks included.'), {
          pattern: '^[1-9][0-9]{0,9}$',
          key: parseKeyVersion,
          give: 'an object from key version to PEM, such as {"1": "-----BEGIN ..."}',
        }),
        "The product's public keys by version, the next one too as soon as the portal shows it.",
      ),
      new Map<number, string>(),
    ),
    route: required(
      described(choice(routeNames), `How the listing is priced: ${pricingInWords()}.`),
      `give one of ${routeNames.join(', ')}`,
    ),
    region: optional(
      described(
        text({ pattern: regionPattern, give: 'a region name such as us-east-1' }),
        'Where the records of a SaaS product are sent; AWS knows a record by its region too.',
      ),
    ),
    customerIds: optional(
      described(
        choice(customerForms),
        'What AWS bills the customers of a SaaS product by: account and licence (license-arn), the account alone, or the customer identifier of older listings.',
      ),
    ),
    dimensions: optional(dimensionsUpTo(awsLimits.saasDimensions), []),
    untaggedAs: optional(
      described(
        untaggedAs,
        'The tag of usage without tags, in a record that has tagged usage too.',
      ),
    ),
    replaces: optional(
      described(
        list(productCode, { give: 'a list of product codes' }),
        'Earlier product codes, whose refused records are sealed again with productCode.',
      ),
    ),
    settings: optional(
      described(
        mapOf(text({ give: 'a text, as the environment would have it' }), {
          pattern: '^SIDECAR_[A-Z_]+$',
          key: (name) =>
            /^SIDECAR_[A-Z_]+$/.test(name) ? succeed(name) : fail('give the name of a setting'),
          give: 'an object from setting to text, such as {"SIDECAR_LATE_USAGE": "hold"}',
        }),
        "Settings that the environment then can't change.",
      ),
      new Map<string, string>(),
    ),
    operator: optional(
      object({
        allow: required(
          described(
            list(choice(operatorPermissions), { give: 'a list of actions' }),
            'What operators may decide where the file is baked into an image.',
          ),
        ),
      }),
    ),
  },
  fileRule,
)

/**
 * The product file as a JSON Schema, for editors and for sellers' own checks: docs/reference/product.schema.json.
 * What it cannot say, such as whether a PEM is an RSA key, `marketplace-sidecar product check` does.
 */
export const productSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The product file of marketplace-sidecar',
  description:
    'What a seller bakes into the image at /etc/marketplace-sidecar/product.json. Check it with: marketplace-sidecar product check product.json',
  ...productFileSchema.json,
}
