import { expect, test } from 'vitest'
import { productFacts, productLines } from '../../../src/cli/product-facts.ts'
import { parseProductFile } from '../../../src/product/load-product.ts'
import { dimensionSchema, productFileSchema } from '../../../src/product/product-schema.ts'

function productOf(document: object) {
  const file = parseProductFile(JSON.stringify(document))
  if (!file.ok) throw new Error(file.failure.join('\n'))
  return file.value
}

const membersOf = ({ json }: { readonly json: { readonly properties: object } }) =>
  Object.keys(json.properties).toSorted()

test('the facts of a product have every member of its file', () => {
  const facts = productFacts(
    productOf({ productCode: 'code-1', route: 'metered', dimensions: ['requests'] }),
  )
  expect(Object.keys(facts).toSorted()).toEqual(
    membersOf(productFileSchema).filter((name) => name !== '$schema'),
  )
  expect(Object.keys(facts.dimensions[0] ?? {}).toSorted()).toEqual(membersOf(dimensionSchema))
})

test('the lines of a product say what its file says, in words', () => {
  const lines = productLines(
    productOf({
      productCode: 'code-1',
      route: 'metered',
      replaces: ['code-0'],
      untaggedAs: { team: 'none' },
      operator: { allow: ['void'] },
      settings: { SIDECAR_LATE_USAGE: 'hold' },
      dimensions: [
        { name: 'a', unit: 'bytes', divisor: 1024, fractions: 'send', maxPerHour: 5.5 },
        { name: 'b', aggregate: 'max', scope: 'cluster', replaces: ['x', 'y'] },
        {
          name: 'c',
          aggregate: 'integral',
          staleAfterSeconds: 60,
          from: { heartbeat: { value: 2 } },
        },
        {
          name: 'd',
          from: {
            prometheus: {
              metric: 'jobs_total',
              match: { kind: 'paid' },
              tags: { team: 'tenant' },
              firstValue: 'baseline',
            },
          },
        },
        { name: 'e', aggregate: 'last', from: { otlp: { metric: 'app.seats' } } },
      ],
    }),
  )
  expect(lines).toEqual([
    'product code   code-1',
    'trusted codes  none',
    'route          metered',
    'public keys    none',
    "dimensions     a (1024 bytes make one of AWS's; fractions are sent as decimals; at most 5.5 an hour)",
    '               b (the largest value of an hour; one record for all that share a database; replaces x, y)',
    '               c (value times hours; 2 while the task or pod runs; a value stands for 60 s at most)',
    '               d (from the Prometheus metric jobs_total where kind=paid with the tags team=tenant from its first value on)',
    '               e (the last value of an hour; from the OpenTelemetry metric app.seats)',
    'untagged as    team=none',
    'replaces       code-0',
    'operators may  void',
    'fixed settings SIDECAR_LATE_USAGE=hold',
  ])
})

test('those of a SaaS product say where it is billed, and by what', () => {
  const product = productOf({
    productCode: 'code-1',
    route: 'saas',
    region: 'us-east-1',
    customerIds: 'license-arn',
    dimensions: ['requests'],
  })
  expect(productLines(product).slice(3, 5)).toEqual([
    'region         us-east-1',
    'billed by      license-arn',
  ])
})
