import type { JsonSchema } from '../../kernel/schema/schema.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { customerKeyPattern } from '../../metering/customer.ts'
import { hourMs } from '../../metering/hour.ts'
import { largestWhole, maxFractionDigits } from '../../metering/quantity.ts'
import { tagText } from '../../product/patterns.ts'
import {
  idempotencyKeyPattern,
  maxReports,
  memberLength,
  reportSchema,
} from '../../sources/json/parse-usage.ts'
import { answer, listOf, time } from './schema-parts.ts'

const receipt = {
  result: { type: 'string', enum: ['accepted', 'duplicate'] },
  hour: time,
  late: { type: 'boolean' },
}

/** What `POST /v1/usage` accepts and answers. */
export const reportSchemas = {
  Report: {
    type: 'object',
    description: 'Usage of one dimension.',
    required: reportSchema.required,
    additionalProperties: false,
    properties: {
      dimension: {
        ...reportSchema.properties.dimension,
        description: 'An API identifier of the product.',
      },
      quantity: {
        description: `With at most ${maxFractionDigits} fractional digits.`,
        oneOf: [
          { type: 'number', minimum: 0, maximum: Number(largestWhole) },
          {
            type: 'string',
            pattern: `^[0-9]+(\\.[0-9]{1,${maxFractionDigits}})?$`,
            maxLength: 64,
          },
        ],
      },
      member: {
        description:
          'Who is counted, instead of a quantity, where the dimension counts distinct members.',
        type: 'string',
        minLength: 1,
        maxLength: memberLength,
      },
      occurredAt: {
        ...time,
        description: `At most ${awsLimits.meterUsageWindowMs / hourMs} hours old and at most 5 minutes ahead; now when absent.`,
      },
      tags: {
        type: 'object',
        description: 'For the allocations of the record.',
        maxProperties: awsLimits.tagsPerAllocation,
        propertyNames: { pattern: tagText.source, maxLength: awsLimits.tagKeyLength },
        additionalProperties: {
          type: 'string',
          pattern: tagText.source,
          maxLength: awsLimits.tagValueLength,
        },
      },
      idempotencyKey: { type: 'string', pattern: idempotencyKeyPattern.source },
      customer: {
        description:
          "The application's own key of the customer: needed on the route saas, and there alone.",
        type: 'string',
        pattern: customerKeyPattern.source,
      },
    } satisfies Record<keyof typeof reportSchema.properties, JsonSchema>,
  },
  ReportBatch: {
    type: 'object',
    description: 'Recorded whole, or not at all.',
    required: ['reports'],
    additionalProperties: false,
    properties: { reports: { ...listOf('Report'), minItems: 1, maxItems: maxReports } },
  },
  Receipt: {
    ...answer<typeof receipt>('What the sidecar did with a report.', receipt),
    properties: {
      ...receipt,
      counted: {
        const: false,
        description: 'Only where a reading came too late to change an amount.',
      },
    },
  },
  ReceiptBatch: answer<{ results: unknown }>('In the order of the reports.', {
    results: { ...listOf('Receipt'), minItems: 1, maxItems: maxReports },
  }),
} as const satisfies Record<string, JsonSchema>
