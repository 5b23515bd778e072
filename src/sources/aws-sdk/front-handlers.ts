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
      return input.DryRun === true
        ? aws.forward('MeterUsage', body)
        : record(input, checked.value, options)
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

/** Returns the quantity in millionths of AWS's unit. */
function checkUsage(input: MeterUsageInput, options: HandlerContext): ServiceResult<bigint> {
  const { ProductCode, UsageDimension, UsageAllocations } = input
  if (ProductCode !== options.productCode) return foreignProduct(ProductCode)
  if (!options.divisors.has(UsageDimension))
    return serviceError(
      'InvalidUsageDimensionException',
      `The product has no dimension ${JSON.stringify(UsageDimension)}. It has: ${[...options.divisors.keys()].join(', ') || 'none'}.`,
    )
  const { UsageQuantity: whole, UsageQuantityAsDecimal: decimal } = input
  return checkAllocations({ whole, decimal }, UsageAllocations)
}

async function record(
  input: MeterUsageInput,
  micro: bigint,
  options: HandlerContext,
): Promise<ServiceResult<object>> {
  const { UsageDimension: dimension, ClientToken } = input
  const divisor = options.divisors.get(dimension) ?? 1n
  const receipts = await options.book.report({
    reports: reportsOf(input, micro, divisor),
    // Keys of POST /v1/usage have no space, so these never equal one of them.
    idempotencyKey: ClientToken === undefined ? undefined : `ClientToken ${ClientToken}`,
  })
  const hour = receipts[0]?.hour ?? 0
  return succeed({ MeteringRecordId: options.referenceOf(dimension, hour) })
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

function foreignProduct(code: string): ServiceResult<never> {
  return serviceError(
    'InvalidProductCodeException',
    `The product code ${JSON.stringify(code)} is not that of this product.`,
  )
}
