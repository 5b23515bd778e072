import { object, optional, required, type Rule } from '../kernel/schema/object-schema.ts'
import {
  choice,
  described,
  mapOf,
  notAllowed,
  parsed,
  text,
  type Schema,
} from '../kernel/schema/schema.ts'
import { succeed } from '../kernel/result.ts'
import { aggregates } from '../metering/account.ts'
import { awsLimits } from '../metering/aws-limits.ts'
import { firstValues } from '../metering/counter.ts'
import { parseQuantity } from '../metering/quantity.ts'
import { tagText } from './patterns.ts'

const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const label = text({ pattern: labelPattern, longest: 128, give: 'the name of a label' })

/** Tags of usage, each with the name of what has its value. */
function tagsFrom(name: typeof label, word: string) {
  return described(
    mapOf(name, {
      pattern: tagText.source,
      key: (key) =>
        tagText.test(key) && key.length <= awsLimits.tagKeyLength
          ? succeed(key)
          : notAllowed(key, 'the key of a tag'),
      give: `an object from tag to ${word}, such as {"team": "tenant"}`,
    }),
    `Tags of the usage, each with the ${word} that has its value.`,
  )
}

const firstValue = described(
  choice(firstValues),
  'Whether the first value of a counter is usage, if it certainly came after the sidecar first started here (count), or only the value from which counting begins (baseline).',
)

/** What a metric is called by, and the parts that tell its series apart. */
interface MetricWords {
  readonly metric: Schema<string>
  readonly about: string
  readonly name: typeof label
  readonly pattern: RegExp
  readonly part: string
  /** The part with its article. */
  readonly aPart: string
  readonly counts: string
}

/** Which series of a metric are usage, and what tags it has. */
function metricFrom({ metric, about, name, pattern, part, aPart, counts }: MetricWords) {
  return object({
    metric: required(described(metric, about)),
    match: optional(
      described(
        mapOf(text({ give: `the value of ${aPart}` }), {
          pattern: pattern.source,
          key: (key) =>
            pattern.test(key) ? succeed(key) : notAllowed(key, `the name of ${aPart}`),
          give: 'an object such as {"kind": "paid"}',
        }),
        counts,
      ),
    ),
    tags: optional(tagsFrom(name, part)),
    firstValue: optional(firstValue, 'count'),
  })
}

const prometheus = metricFrom({
  metric: text({
    pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
    longest: 255,
    give: 'the name of a sample, such as app_requests_total',
  }),
  about: 'The name of the samples, with its suffix.',
  name: label,
  pattern: labelPattern,
  part: 'label',
  aPart: 'a label',
  counts: 'Only samples with these labels count.',
})

const attributeText = /^[\x21-\x7e]{1,255}$/

const otlp = metricFrom({
  metric: text({
    pattern: attributeText,
    longest: 255,
    give: 'the name of a metric, such as app.requests',
  }),
  about: 'The name of the metric.',
  name: text({
    pattern: attributeText,
    longest: 255,
    give: 'the name of an attribute, such as tenant or service.name',
  }),
  pattern: attributeText,
  part: 'attribute',
  aPart: 'an attribute',
  counts: 'Only points count that have these attributes themselves or on their resource.',
})

const heartbeatValue: Schema<bigint> = parsed(
  { type: 'number', exclusiveMinimum: 0, maximum: 1e6 },
  (value) => {
    const quantity = parseQuantity(value)
    return quantity.ok && quantity.value > 0n && quantity.value <= 10n ** 12n
      ? quantity
      : notAllowed(value, 'a quantity above 0, up to 1000000')
  },
)

const heartbeat = object({
  value: required(
    described(heartbeatValue, 'What the task or pod counts as, while the buyer may run it.'),
  ),
})

const oneOf: Rule = {
  check(members, report) {
    if (Object.keys(members).length !== 1)
      report('from: give one source, such as {"prometheus": {"metric": "app_requests_total"}}')
  },
  json: [{ minProperties: 1, maxProperties: 1 }],
}

/** Where the usage of a dimension comes from. */
export const dimensionSourceSchema = object(
  { prometheus: optional(prometheus), otlp: optional(otlp), heartbeat: optional(heartbeat) },
  oneOf,
)

/** The aggregates that a source can serve. */
const served: Readonly<Record<string, readonly string[]>> = {
  prometheus: aggregates.filter((aggregate) => aggregate !== 'unique'),
  otlp: aggregates.filter((aggregate) => aggregate !== 'unique'),
  heartbeat: ['max', 'integral'],
}

/** A dimension's source serves its aggregate. */
export const sourceRule: Rule = {
  check(members, report) {
    const { name, aggregate = 'sum', from } = members
    if (typeof from !== 'object' || from === null) return
    const [source = ''] = Object.keys(from)
    const allowed = served[source]
    if (allowed !== undefined && !allowed.includes(String(aggregate)))
      report(
        `dimension ${JSON.stringify(name)}: from ${source} needs another aggregate than ${String(aggregate)}; give one of ${allowed.join(', ')}`,
      )
  },
  json: Object.entries(served).map(([source, allowed]) => ({
    if: { required: ['from'], properties: { from: { required: [source] } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: {
      properties: { aggregate: { enum: allowed } },
      ...(allowed.includes('sum') ? {} : { required: ['aggregate'] }),
    },
  })),
}
