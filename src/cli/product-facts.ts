import { createHash, createPublicKey } from 'node:crypto'
import { formatQuantity } from '../metering/quantity.ts'
import { tagsOf } from '../metering/tags.ts'
import type { Dimension, ProductFile } from '../product/product.ts'
import { parsePublicKey } from '../product/public-key.ts'

type DimensionFacts = ReturnType<typeof dimensionFacts>

/** Describes a product, for programs: every member of its file, with the value of those that it leaves out. */
export function productFacts(product: ProductFile) {
  return {
    productCode: product.productCode,
    trustedProductCodes: product.trustedProductCodes,
    route: product.route,
    region: product.region ?? null,
    customerIds: product.customerIds ?? null,
    publicKeys: [...product.publicKeys].map(([version, pem]) => ({
      version,
      bits: bitsOf(pem),
      sha256: fingerprint(pem),
    })),
    dimensions: product.dimensions.map(dimensionFacts),
    untaggedAs: tagOf(product.untaggedAs),
    replaces: product.replaces ?? [],
    operator: { allow: product.operator?.allow ?? [] },
    settings: Object.fromEntries(product.settings),
  }
}

function dimensionFacts(dimension: Dimension) {
  const { maxPerHour } = dimension
  return {
    name: dimension.name,
    unit: dimension.unit ?? null,
    divisor: String(dimension.divisor),
    fractions: dimension.fractions ?? 'carry',
    maxPerHour: maxPerHour === undefined ? null : formatQuantity(maxPerHour),
    aggregate: dimension.aggregate ?? 'sum',
    scope: dimension.scope ?? 'resource',
    from: sourceFacts(dimension.from),
    staleAfterSeconds: dimension.staleAfterSeconds ?? null,
    replaces: dimension.replaces ?? [],
  }
}

function sourceFacts(from: Dimension['from']) {
  if (from?.heartbeat !== undefined)
    return { heartbeat: { value: formatQuantity(from.heartbeat.value) } }
  if (from?.prometheus !== undefined) return { prometheus: metricFacts(from.prometheus) }
  if (from?.otlp !== undefined) return { otlp: metricFacts(from.otlp) }
  return null
}

type MetricSource = NonNullable<NonNullable<Dimension['from']>['prometheus']>

function metricFacts({ metric, match = new Map(), tags = new Map(), firstValue }: MetricSource) {
  return {
    metric,
    match: Object.fromEntries(match),
    tags: Object.fromEntries(tags),
    firstValue,
  }
}

function tagOf(tags: ProductFile['untaggedAs']): Readonly<Record<string, string>> | null {
  if (tags === undefined) return null
  return Object.fromEntries(tagsOf(tags).map(({ key, value }) => [key, value]))
}

/** Describes a product for people, a fact on each line. */
export function productLines(product: ProductFile): string[] {
  const facts = productFacts(product)
  const keys = facts.publicKeys.map(
    ({ version, bits, sha256 }) => `version ${version}, RSA ${bits}, ${sha256}`,
  )
  const given: readonly (readonly [string, readonly string[]])[] = [
    ['region', facts.region === null ? [] : [facts.region]],
    ['billed by', facts.customerIds === null ? [] : [facts.customerIds]],
  ]
  const others: readonly (readonly [string, readonly string[]])[] = [
    ['untagged as', pairs(facts.untaggedAs ?? {})],
    ['replaces', facts.replaces],
    ['operators may', facts.operator.allow],
    ['fixed settings', pairs(facts.settings)],
  ]
  const isGiven = ([, values]: readonly [string, readonly string[]]) => values.length > 0
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['product code', [facts.productCode]],
    ['trusted codes', facts.trustedProductCodes],
    ['route', [facts.route]],
    ...given.filter(isGiven),
    ['public keys', keys],
    ['dimensions', facts.dimensions.map(dimensionLine)],
    ...others.filter(isGiven),
  ]
  return rows.flatMap(([label, [first = 'none', ...more]]) => [
    `${label.padEnd(14)} ${first}`,
    ...more.map((other) => `${''.padEnd(14)} ${other}`),
  ])
}

const pairs = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, text]) => `${name}=${text}`)

const aggregateInWords = {
  sum: undefined,
  max: 'the largest value of an hour',
  last: 'the last value of an hour',
  unique: 'the distinct members of an hour',
  integral: 'value times hours',
} as const

/** A dimension, with what the file says of it. */
function dimensionLine(facts: DimensionFacts): string {
  const { name, unit, divisor, fractions, maxPerHour, aggregate, scope, replaces } = facts
  const notes = [
    divisor === '1' ? undefined : `${divisor} ${unit ?? 'reported units'} make one of AWS's`,
    aggregateInWords[aggregate],
    sourceLine(facts),
    fractions === 'carry' ? undefined : 'fractions are sent as decimals',
    maxPerHour === null ? undefined : `at most ${maxPerHour} an hour`,
    scope === 'cluster' ? 'one record for all that share a database' : undefined,
    aggregate === 'integral' && facts.staleAfterSeconds !== null
      ? `a value stands for ${facts.staleAfterSeconds} s at most`
      : undefined,
    replaces.length === 0 ? undefined : `replaces ${replaces.join(', ')}`,
  ].filter((note) => note !== undefined)
  return notes.length === 0 ? name : `${name} (${notes.join('; ')})`
}

function sourceLine({ from }: DimensionFacts): string | undefined {
  if (from === null) return undefined
  if ('heartbeat' in from) return `${from.heartbeat.value} while the task or pod runs`
  const [source, { metric, match, tags, firstValue }] =
    'prometheus' in from
      ? (['Prometheus', from.prometheus] as const)
      : (['OpenTelemetry', from.otlp] as const)
  const only = pairs(match)
  const tagged = pairs(tags)
  return [
    `from the ${source} metric ${metric}`,
    ...(only.length === 0 ? [] : [`where ${only.join(', ')}`]),
    ...(tagged.length === 0 ? [] : [`with the tags ${tagged.join(', ')}`]),
    ...(firstValue === 'count' ? [] : ['from its first value on']),
  ].join(' ')
}

function bitsOf(pem: string): number {
  const key = parsePublicKey(pem)
  return key.ok ? key.value.bits : 0
}

/** As `openssl pkey -pubin -outform der | sha256sum` prints it. */
function fingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex')
}
