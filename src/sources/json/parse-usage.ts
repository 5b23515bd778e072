import { parseQuantity, type QuantityProblem } from '../../metering/quantity.ts'
import { fromIso } from '../../kernel/clock.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import type { Dimension } from '../../product/product.ts'
import { tagText } from '../../product/patterns.ts'
import type { UsageReport, UsageRequest } from '../../metering/report.ts'
import { canonicalTags, untagged, type TagSet } from '../../metering/tags.ts'
import { customerKeyPattern, customerKeyRule } from '../../metering/customer.ts'
import { hasSource } from '../has-source.ts'
import { SidecarError, type SidecarErrorOptions } from '../../kernel/errors.ts'
import type { ProblemCode } from '../../kernel/problems/problem-table.ts'
import { unknownMember } from '../../kernel/schema/unknown-member.ts'

const { tagsPerAllocation, tagKeyLength, tagValueLength, tagCharacters } = awsLimits
export const maxReports = 1000
export const memberLength = 256
export const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/

/** JSON Schema of one report, as the application sends it. Quantity, time and tags are checked separately. */
export const reportSchema = {
  type: 'object',
  required: ['dimension'],
  additionalProperties: false,
  properties: {
    dimension: { type: 'string', minLength: 1, maxLength: awsLimits.dimensionNameLength },
    quantity: {},
    member: {},
    occurredAt: {},
    tags: {},
    idempotencyKey: {},
    customer: {},
  },
} as const

const members: ReadonlySet<string> = new Set(Object.keys(reportSchema.properties))

interface ReportBody {
  readonly dimension: string
  readonly quantity: unknown
  readonly member?: unknown
  readonly occurredAt?: unknown
  readonly tags?: unknown
  readonly idempotencyKey?: unknown
  readonly customer?: unknown
}

const quantityCodes: Readonly<Record<QuantityProblem, ProblemCode>> = {
  NotANumber: 'QuantityNotANumber',
  Negative: 'QuantityNegative',
  TooPrecise: 'QuantityTooPrecise',
  TooLarge: 'QuantityTooLarge',
}

interface ParsedUsage {
  readonly request: UsageRequest
  /** Whether the body was `{"reports": [...]}`; the answer has the same form. */
  readonly isBatch: boolean
}

/**
 * Parses the body and the Idempotency-Key header of POST /v1/usage. Quantities become micro-units, times ms.
 * Throws for the first mistake, in a batch with the report's index: InvalidRequest, InvalidCustomer,
 * InvalidIdempotencyKey, InvalidOccurredAt, InvalidTags, UnknownDimension, DimensionHasSource and the codes
 * Quantity*.
 */
export function parseUsage(
  body: unknown,
  idempotencyKey: unknown,
  dimensions: ReadonlyMap<string, Pick<Dimension, 'aggregate' | 'from'>>,
): ParsedUsage {
  const wholeKey = idempotencyKey === undefined ? undefined : parseIdempotencyKey(idempotencyKey)
  const batch = batchOf(body)
  const parse = (value: unknown, index?: number) => parseReport(value, dimensions, index)
  const reports = batch === undefined ? [parse(body)] : batch.map(parse)
  return { request: { reports, idempotencyKey: wholeKey }, isBatch: batch !== undefined }
}

function batchOf(body: unknown): unknown[] | undefined {
  if (typeof body !== 'object' || body === null || !('reports' in body)) return undefined
  const { reports, ...rest } = body
  if (Object.keys(rest).length > 0)
    throw new SidecarError('InvalidRequest', 'The body may have no member other than "reports".')
  if (!Array.isArray(reports) || reports.length === 0 || reports.length > maxReports)
    throw new SidecarError(
      'InvalidRequest',
      `"reports" must be a list of 1 to ${maxReports} reports.`,
    )
  return reports
}

function parseReport(
  value: unknown,
  dimensions: Parameters<typeof parseUsage>[2],
  index?: number,
): UsageReport {
  const body = checkForm(value, index)
  const dimension = dimensions.get(body.dimension)
  if (dimension === undefined)
    throw new SidecarError(
      'UnknownDimension',
      `The product has no dimension ${JSON.stringify(body.dimension)}. It has: ${[...dimensions.keys()].join(', ') || 'none'}.`,
      indexed(index),
    )
  if (dimension.from !== undefined)
    throw new SidecarError('DimensionHasSource', hasSource(body.dimension), indexed(index))
  const member = parseMember(body, dimension, index)
  const quantity = parseQuantity(member === undefined ? body.quantity : 1)
  if (!quantity.ok)
    throw new SidecarError(
      quantityCodes[quantity.failure.problem],
      `The quantity is not acceptable: ${quantity.failure.reason}.`,
      indexed(index),
    )
  return {
    dimension: body.dimension,
    ...(member !== undefined && { member }),
    ...(body.customer !== undefined && { customer: parseCustomer(body.customer, index) }),
    quantity: quantity.value,
    occurredAt: parseOccurredAt(body.occurredAt, index),
    tags: parseTags(body.tags, index),
    idempotencyKey:
      body.idempotencyKey === undefined
        ? undefined
        : parseIdempotencyKey(body.idempotencyKey, index),
  }
}

/** The member of a report of distinct members, which has no quantity; undefined for any other report. */
function parseMember(
  { member, quantity }: ReportBody,
  { aggregate }: Pick<Dimension, 'aggregate'>,
  index: number | undefined,
): string | undefined {
  const refuse = (mistake: string): never => {
    throw new SidecarError('InvalidRequest', mistake, indexed(index))
  }
  if (aggregate !== 'unique') {
    if (quantity === undefined) throw wrongForm('The member "quantity" is missing.', index)
    return member === undefined
      ? undefined
      : refuse('This dimension does not count distinct members: leave "member" out.')
  }
  if (quantity !== undefined)
    return refuse('This dimension counts distinct members: leave "quantity" out.')
  const isText = typeof member === 'string' && member.length > 0 && member.length <= memberLength
  // Halves of characters would all be the same one.
  return isText && member.isWellFormed()
    ? member
    : refuse(
        `This dimension counts distinct members: "member" must be a string of 1 to ${memberLength} characters.`,
      )
}

function checkForm(value: unknown, index: number | undefined): ReportBody {
  const mistake = mistakeOfForm(value)
  if (mistake === undefined) return value as ReportBody
  throw wrongForm(mistake, index)
}

function wrongForm(mistake: string, index: number | undefined): SidecarError {
  return new SidecarError(
    'InvalidRequest',
    `${mistake} A report is an object like {"dimension": "requests", "quantity": 3}, with optional occurredAt, tags and idempotencyKey.`,
    indexed(index),
  )
}

/** Checks by hand what `reportSchema` says: a validator from a library took half of the startup time. */
function mistakeOfForm(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'The report is not an object.'
  for (const name in value) if (!members.has(name)) return unknownMember(name, [...members])
  for (const name of reportSchema.required)
    if (!Object.hasOwn(value, name)) return `The member "${name}" is missing.`
  const { minLength, maxLength } = reportSchema.properties.dimension
  const { dimension } = value as { readonly dimension: unknown }
  return typeof dimension === 'string' &&
    dimension.length >= minLength &&
    dimension.length <= maxLength
    ? undefined
    : `The dimension must be a string of ${minLength} to ${maxLength} characters.`
}

function parseOccurredAt(value: unknown, index: number | undefined): number | undefined {
  if (value === undefined) return undefined
  const instant = typeof value === 'string' ? fromIso(value) : undefined
  if (instant === undefined)
    throw new SidecarError(
      'InvalidOccurredAt',
      'occurredAt must be an RFC 3339 time with a zone, such as "2026-11-22T10:15:00Z".',
      indexed(index),
    )
  return instant
}

function parseTags(value: unknown, index: number | undefined): TagSet {
  if (value === undefined) return untagged
  const refuse = (reason: string): never => {
    throw new SidecarError('InvalidTags', `The tags are not acceptable: ${reason}.`, indexed(index))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('they must be an object like {"team": "blue"}')
  const tags = Object.entries(value).map(([key, text]) => ({ key, value: text as unknown }))
  if (tags.length > tagsPerAllocation) return refuse(`there may be at most ${tagsPerAllocation}`)
  const checked = tags.map((tag) => {
    if (tag.key.length > tagKeyLength || !tagText.test(tag.key))
      return refuse(`a key has 1 to ${tagKeyLength} characters of ${tagCharacters}`)
    if (
      typeof tag.value !== 'string' ||
      tag.value.length > tagValueLength ||
      !tagText.test(tag.value)
    )
      return refuse(`a value is a string of 1 to ${tagValueLength} characters of ${tagCharacters}`)
    return { key: tag.key, value: tag.value }
  })
  return canonicalTags(checked)
}

function parseCustomer(value: unknown, index: number | undefined): string {
  if (typeof value === 'string' && customerKeyPattern.test(value)) return value
  throw new SidecarError('InvalidCustomer', customerKeyRule, indexed(index))
}

function parseIdempotencyKey(value: unknown, index?: number): string {
  if (typeof value === 'string' && idempotencyKeyPattern.test(value)) return value
  throw new SidecarError(
    'InvalidIdempotencyKey',
    'An idempotency key is a string of 1 to 255 visible ASCII characters.',
    indexed(index),
  )
}

function indexed(index: number | undefined): SidecarErrorOptions {
  return index === undefined ? {} : { index }
}
