import type { IncomingHttpHeaders } from 'node:http'
import { awsLimits } from '../../metering/aws-limits.ts'
import { hourOf } from '../../metering/hour.ts'
import type { UsageReport } from '../../metering/report.ts'
import { checkAllocations } from '../../protocol/check-allocations.ts'
import { toInstant } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import type { OperationHandlers } from '../../protocol/dispatch.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import { notNamesOfAws, resolvedNames } from '../../protocol/resolved-names.ts'
import type { MeterUsageInput } from '../../protocol/operations/meter-usage.ts'
import type { RegisterUsageInput } from '../../protocol/operations/register-usage.ts'
import type { SourceContext } from '../source.ts'
import { recordBatch } from './customer-calls.ts'
import { KeylessCalls } from './keyless-calls.ts'
import { repeatKeyOf } from './repeat-key.ts'
import { checkDimension, partsOf, type Divisors } from './usage-members.ts'

/** What the front knows of a call apart from its members. */
export interface FrontCall {
  /** The JSON that came, with the members that are not in the input because this version does not know them. */
  readonly body: string
  readonly headers: IncomingHttpHeaders
  readonly requestId: string
}

type HandlerContext = Pick<
  SourceContext,
  | 'aws'
  | 'book'
  | 'customers'
  | 'productCode'
  | 'dimensions'
  | 'referenceOf'
  | 'meterUsageCalls'
  | 'repeated'
  | 'refused'
> & {
  readonly divisors: Divisors
}

/** Creates the handlers of the four operations: usage goes into the ledger, everything else to AWS. */
export function createFrontHandlers(options: HandlerContext): OperationHandlers<FrontCall> {
  const { aws, productCode, customers } = options
  const keyless = new KeylessCalls()
  return {
    RegisterUsage: (input) => register(input, options),
    MeterUsage: async (input, call) => {
      const checked = checkUsage(input, options)
      if (!checked.ok) return checked
      if (input.DryRun === true) return aws.forward('MeterUsage', call.body)
      return record(input, checked.value, call, options, keyless)
    },
    BatchMeterUsage: async (input, call) => {
      // Where the records name licences, the code is left out.
      const { ProductCode = productCode, UsageRecords } = input
      if (ProductCode !== productCode) return foreignProduct(ProductCode)
      // A batch without records asks whether metering is permitted.
      return customers === undefined || UsageRecords.length === 0
        ? aws.forward('BatchMeterUsage', call.body)
        : recordBatch(input, call.requestId, { ...options, customers })
    },
    ResolveCustomer: async (_input, { body }) => {
      const answer = ofProduct(await aws.forward('ResolveCustomer', body), productCode)
      if (!answer.ok || customers === undefined) return answer
      const names = resolvedNames(answer.value)
      if (names === undefined) return serviceError('ServiceUnavailableException', notNamesOfAws)
      await customers.adopt(names)
      return answer
    },
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
  const known = checkDimension(UsageDimension, 'MeterUsage', options)
  if (!known.ok) return known
  const { UsageQuantity: whole, UsageQuantityAsDecimal: decimal } = input
  return checkAllocations({ whole, decimal }, UsageAllocations)
}

/** Puts a call into the ledger: as more usage or, by AWS's rule, as the one record of its hour. */
async function record(
  input: MeterUsageInput,
  micro: bigint,
  { headers, requestId }: FrontCall,
  options: HandlerContext,
  keyless: KeylessCalls,
): Promise<ServiceResult<object>> {
  const { book, divisors, referenceOf } = options
  const { UsageDimension: dimension } = input
  const hour = hourOf(toInstant(input.Timestamp))
  const reports = reportsOf(input, micro, divisors.get(dimension) ?? 1n)
  const idempotencyKey = repeatKeyOf(input.ClientToken, headers)
  const isHourly = options.meterUsageCalls === 'hourly'
  const key = `MeterUsage ${referenceOf(dimension, hour)}`
  const [receipt] = await book.report({
    reports,
    idempotencyKey,
    record: isHourly ? { key, windowMs: awsLimits.meterUsageWindowMs } : undefined,
  })
  const hasNoKey = idempotencyKey === undefined && !isHourly
  if (hasNoKey && keyless.isRepeat(hour, contentOf(reports)))
    options.repeated(dimension, hour, requestId)
  return succeed({ MeteringRecordId: referenceOf(dimension, receipt?.hour ?? hour) })
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

function reportsOf(input: MeterUsageInput, micro: bigint, divisor: bigint): UsageReport[] {
  return partsOf(micro, input.UsageAllocations, divisor).map((part) => ({
    ...part,
    dimension: input.UsageDimension,
    occurredAt: toInstant(input.Timestamp),
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
    `The product code ${JSON.stringify(code)} is not that of this product. GET /v1/entitlement of the sidecar shows the right one.`,
  )
}
