import type { IncomingHttpHeaders } from 'node:http'
import { awsLimits } from '../../metering/aws-limits.ts'
import { hourOf } from '../../metering/hour.ts'
import type { UsageReport } from '../../metering/report.ts'
import { canonicalTags } from '../../metering/tags.ts'
import { checkAllocations, quantityOf } from '../../protocol/check-allocations.ts'
import { toInstant } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import type { OperationHandlers } from '../../protocol/dispatch.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import { microOf } from '../../protocol/wire-quantity.ts'
import type { MeterUsageInput } from '../../protocol/operations/meter-usage.ts'
import type { RegisterUsageInput } from '../../protocol/operations/register-usage.ts'
import { hasSource } from '../has-source.ts'
import type { SourceContext } from '../source.ts'
import { KeylessCalls } from './keyless-calls.ts'
import { repeatKeyOf } from './repeat-key.ts'

/** What the front knows of a call apart from its members. */
export interface FrontCall {
  /** The JSON that came, with the members that are not in the input because this version does not know them. */
  readonly body: string
  readonly headers: IncomingHttpHeaders
  readonly requestId: string
}

type HandlerContext = Pick<
  SourceContext,
  'aws' | 'book' | 'productCode' | 'referenceOf' | 'meterUsageCalls' | 'repeated'
> & {
  /** How many of the application's units make one of AWS's, by dimension. */
  readonly divisors: ReadonlyMap<string, bigint>
  readonly dimensions: SourceContext['dimensions']
}

/** Creates the handlers of the four operations: usage goes into the ledger, everything else to AWS. */
export function createFrontHandlers(options: HandlerContext): OperationHandlers<FrontCall> {
  const { aws, productCode } = options
  const keyless = new KeylessCalls()
  return {
    RegisterUsage: (input) => register(input, options),
    MeterUsage: async (input, call) => {
      const checked = checkUsage(input, options)
      if (!checked.ok) return checked
      if (input.DryRun === true) return aws.forward('MeterUsage', call.body)
      return record(input, checked.value, call, options, keyless)
    },
    BatchMeterUsage: async ({ ProductCode = productCode }, { body }) =>
      // Where the records name licences, the code is left out.
      ProductCode === productCode
        ? aws.forward('BatchMeterUsage', body)
        : foreignProduct(ProductCode),
    ResolveCustomer: async (_input, { body }) =>
      ofProduct(await aws.forward('ResolveCustomer', body), productCode),
  }
}

function register(
  { ProductCode, PublicKeyVersion, Nonce }: RegisterUsageInput,
  { aws, productCode }: HandlerContext,
): Promise<ServiceResult<object>> {
  if (ProductCode !== productCode) return Promise.resolve(foreignProduct(ProductCode))
  return aws.prove({ productCode, publicKeyVersion: PublicKeyVersion, nonce: Nonce ?? '' })
}

/** Returns the quantity in millionths of AWS's unit. */
function checkUsage(input: MeterUsageInput, options: HandlerContext): ServiceResult<bigint> {
  const { ProductCode, UsageDimension, UsageAllocations } = input
  if (ProductCode !== options.productCode) return foreignProduct(ProductCode)
  if (!options.divisors.has(UsageDimension))
    return serviceError(
      'InvalidUsageDimensionException',
      `The product has no dimension ${JSON.stringify(UsageDimension)}. It has: ${[...options.divisors.keys()].join(', ') || 'none'}.`,
    )
  const closed = closedToCalls(UsageDimension, options.dimensions)
  if (closed !== undefined) return serviceError('InvalidUsageDimensionException', closed)
  const { UsageQuantity: whole, UsageQuantityAsDecimal: decimal } = input
  return checkAllocations({ whole, decimal }, UsageAllocations)
}

/** Why MeterUsage cannot report a dimension; undefined where it can. */
function closedToCalls(name: string, dimensions: HandlerContext['dimensions']): string | undefined {
  const dimension = dimensions.find((each) => each.name === name)
  if (dimension?.from !== undefined) return hasSource(name)
  const { aggregate = 'sum' } = dimension ?? {}
  return aggregate === 'unique' || aggregate === 'integral'
    ? `The dimension ${JSON.stringify(name)} adds up as ${aggregate}, which a MeterUsage call cannot express. Report it with POST /v1/usage.`
    : undefined
}

async function record(
  input: MeterUsageInput,
  micro: bigint,
  { headers, requestId }: FrontCall,
  options: HandlerContext,
  keyless: KeylessCalls,
): Promise<ServiceResult<object>> {
  const { UsageDimension: dimension } = input
  const reports = reportsOf(input, micro, options.divisors.get(dimension) ?? 1n)
  const hour = hourOf(toInstant(input.Timestamp))
  const idempotencyKey = repeatKeyOf(input.ClientToken, headers)
  const isHourly = options.meterUsageCalls === 'hourly'
  const receipts = await options.book.report({
    reports,
    idempotencyKey,
    record: isHourly
      ? {
          key: `MeterUsage ${options.referenceOf(dimension, hour)}`,
          windowMs: awsLimits.meterUsageWindowMs,
        }
      : undefined,
  })
  if (idempotencyKey === undefined && !isHourly && keyless.isRepeat(hour, contentOf(reports)))
    options.repeated(dimension, hour, requestId)
  const recordedIn = receipts[0]?.hour ?? hour
  return succeed({ MeteringRecordId: options.referenceOf(dimension, recordedIn) })
}

/** A repeat by an SDK has the same timestamp too. */
function contentOf(reports: readonly UsageReport[]): string {
  return JSON.stringify(
    reports.map(({ dimension, quantity, occurredAt, tags }) => [
      dimension,
      quantity.toString(),
      occurredAt,
      tags,
    ]),
  )
}

/** AWS's units become what the application counts in, exactly. */
function reportsOf(input: MeterUsageInput, micro: bigint, divisor: bigint): UsageReport[] {
  const { UsageDimension: dimension, UsageAllocations } = input
  const parts = UsageAllocations?.map((allocation) => ({
    share: microOf(quantityOf(allocation)),
    Tags: allocation.Tags ?? [],
  })) ?? [{ share: micro, Tags: [] }]
  return parts.map(({ share, Tags }) => ({
    dimension,
    quantity: share * divisor,
    occurredAt: toInstant(input.Timestamp),
    tags: canonicalTags(Tags.map(({ Key, Value }) => ({ key: Key, value: Value }))),
    idempotencyKey: undefined,
  }))
}

/** Keeps from the application who bought another product of the seller. */
function ofProduct(answer: ServiceResult<object>, productCode: string): ServiceResult<object> {
  if (!answer.ok || !('ProductCode' in answer.value) || answer.value.ProductCode === productCode)
    return answer
  return serviceError('InvalidTokenException', 'The registration token is for another product.')
}

function foreignProduct(code: string): ServiceResult<never> {
  return serviceError(
    'InvalidProductCodeException',
    `The product code ${JSON.stringify(code)} is not that of this product.`,
  )
}
