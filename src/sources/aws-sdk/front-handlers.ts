import type { UsageReport } from '../../metering/report.ts'
import { canonicalTags } from '../../metering/tags.ts'
import { checkAllocations } from '../../protocol/check-allocations.ts'
import { toInstant } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import type { OperationHandlers } from '../../protocol/dispatch.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type { MeterUsageInput } from '../../protocol/operations/meter-usage.ts'
import type { RegisterUsageInput } from '../../protocol/operations/register-usage.ts'
import type { SourceContext } from '../source.ts'

type HandlerContext = Pick<SourceContext, 'aws' | 'book' | 'productCode' | 'referenceOf'> & {
  /** How many of the application's units make one of AWS's, by dimension. */
  readonly divisors: ReadonlyMap<string, bigint>
}

/** Creates the handlers of the four operations: usage goes into the ledger, everything else to AWS. */
export function createFrontHandlers(options: HandlerContext): OperationHandlers {
  const { aws } = options
  return {
    RegisterUsage: (input) => register(input, options),
    MeterUsage: async (input, body) => {
      const checked = checkUsage(input, options)
      if (!checked.ok) return checked
      return input.DryRun === true ? aws.forward('MeterUsage', body) : record(input, options)
    },
    BatchMeterUsage: (_input, body) => aws.forward('BatchMeterUsage', body),
    ResolveCustomer: (_input, body) => aws.forward('ResolveCustomer', body),
  }
}

function register(
  { ProductCode, PublicKeyVersion, Nonce }: RegisterUsageInput,
  { aws, productCode }: HandlerContext,
): Promise<ServiceResult<object>> {
  if (ProductCode !== productCode) return Promise.resolve(foreignProduct(ProductCode))
  return aws.prove({ productCode, publicKeyVersion: PublicKeyVersion, nonce: Nonce ?? '' })
}

function checkUsage(input: MeterUsageInput, options: HandlerContext): ServiceResult<undefined> {
  const { ProductCode, UsageDimension, UsageQuantity = 0, UsageAllocations } = input
  if (ProductCode !== options.productCode) return foreignProduct(ProductCode)
  if (!options.divisors.has(UsageDimension))
    return serviceError(
      'InvalidUsageDimensionException',
      `The product has no dimension ${JSON.stringify(UsageDimension)}. It has: ${[...options.divisors.keys()].join(', ') || 'none'}.`,
    )
  return checkAllocations(UsageQuantity, UsageAllocations)
}

async function record(
  input: MeterUsageInput,
  options: HandlerContext,
): Promise<ServiceResult<object>> {
  const { UsageDimension: dimension, ClientToken } = input
  const unit = (options.divisors.get(dimension) ?? 1n) * 1_000_000n
  const receipts = await options.book.report({
    reports: reportsOf(input, unit),
    // Keys of POST /v1/usage have no space, so these never equal one of them.
    idempotencyKey: ClientToken === undefined ? undefined : `ClientToken ${ClientToken}`,
  })
  const hour = receipts[0]?.hour ?? 0
  return succeed({ MeteringRecordId: options.referenceOf(dimension, hour) })
}

function reportsOf(input: MeterUsageInput, unit: bigint): UsageReport[] {
  const { UsageDimension: dimension, UsageQuantity = 0, UsageAllocations } = input
  const parts = UsageAllocations ?? [{ AllocatedUsageQuantity: UsageQuantity }]
  return parts.map(({ AllocatedUsageQuantity, Tags = [] }) => ({
    dimension,
    quantity: BigInt(AllocatedUsageQuantity) * unit,
    occurredAt: toInstant(input.Timestamp),
    tags: canonicalTags(Tags.map(({ Key, Value }) => ({ key: Key, value: Value }))),
    idempotencyKey: undefined,
  }))
}

function foreignProduct(code: string): ServiceResult<never> {
  return serviceError(
    'InvalidProductCodeException',
    `The product code ${JSON.stringify(code)} is not that of this product.`,
  )
}
