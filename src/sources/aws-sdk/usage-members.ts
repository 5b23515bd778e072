import { succeed } from '../../kernel/result.ts'
import { canonicalTags, type TagSet } from '../../metering/tags.ts'
import { quantityOf } from '../../protocol/check-allocations.ts'
import type { UsageAllocation } from '../../protocol/fields.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import { microOf } from '../../protocol/wire-quantity.ts'
import { hasSource } from '../has-source.ts'
import type { SourceContext } from '../source.ts'

/** How many of the application's units make one of AWS's, by dimension. */
export type Divisors = ReadonlyMap<string, bigint>

interface DimensionContext {
  readonly dimensions: SourceContext['dimensions']
  readonly divisors: Divisors
}

/** Checks that a call can report usage of a dimension. */
export function checkDimension(
  name: string,
  operation: 'MeterUsage' | 'BatchMeterUsage',
  { dimensions, divisors }: DimensionContext,
): ServiceResult<undefined, 'InvalidUsageDimensionException'> {
  if (!divisors.has(name))
    return serviceError(
      'InvalidUsageDimensionException',
      `The product has no dimension ${JSON.stringify(name)}. It has: ${[...divisors.keys()].join(', ') || 'none'}.`,
    )
  const { from, aggregate = 'sum' } = dimensions.find((each) => each.name === name) ?? {}
  if (from !== undefined) return serviceError('InvalidUsageDimensionException', hasSource(name))
  return aggregate === 'unique' || aggregate === 'integral'
    ? serviceError(
        'InvalidUsageDimensionException',
        `The dimension ${JSON.stringify(name)} adds up as ${aggregate}, which a ${operation} call cannot express. Report it with POST /v1/usage.`,
      )
    : succeed(undefined)
}

/** The parts of a quantity in millionths of AWS's unit. They become what the application counts in, exactly. */
export function partsOf(
  micro: bigint,
  allocations: readonly UsageAllocation[] | undefined,
  divisor: bigint,
): { quantity: bigint; tags: TagSet }[] {
  const parts = allocations?.map((allocation) => ({
    share: microOf(quantityOf(allocation)),
    Tags: allocation.Tags ?? [],
  })) ?? [{ share: micro, Tags: [] }]
  return parts.map(({ share, Tags }) => ({
    quantity: share * divisor,
    tags: canonicalTags(Tags.map(({ Key, Value }) => ({ key: Key, value: Value }))),
  }))
}
