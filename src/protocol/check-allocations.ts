import { succeed } from '../kernel/result.ts'
import { serviceError, type ServiceResult } from './service-errors.ts'
import type { WireTag, UsageAllocation } from './fields.ts'
import { awsLimits } from '../metering/aws-limits.ts'
import { formatQuantity } from '../metering/quantity.ts'
import { checkQuantity, microOf, type WireQuantity } from './wire-quantity.ts'

/**
 * Checks AWS's rules for the quantity and all allocations of a record together, and returns the quantity in
 * millionths of AWS's unit. The allocations add up to it, no two have the same tags (and only one may
 * have none), no key is twice in one of them, and they use at most 5 distinct keys. Each has one form of
 * quantity, which is the decimal where that of the record is. Absent allocations are fine.
 */
export function checkAllocations(
  quantity: WireQuantity,
  allocations: readonly UsageAllocation[] | undefined,
): ServiceResult<
  bigint,
  'InvalidTagException' | 'InvalidUsageAllocationsException' | 'ValidationException'
> {
  const total = checkQuantity(quantity)
  if (!total.ok || allocations === undefined) return total
  const sets = new Set<string>()
  const keys = new Set<string>()
  let sum = 0n
  for (const allocation of allocations) {
    const { Tags = [] } = allocation
    const form = checkForm(allocation, quantity)
    if (!form.ok) return form
    sum += form.value
    for (const tag of Tags) keys.add(tag.Key)
    if (new Set(Tags.map((tag) => tag.Key)).size !== Tags.length) {
      return serviceError(
        'InvalidTagException',
        'A tag key appears more than once in one allocation.',
      )
    }
    const set = canonicalWireTags(Tags)
    if (sets.has(set)) {
      return serviceError(
        'InvalidUsageAllocationsException',
        'Each usage allocation must have a unique set of tags.',
      )
    }
    sets.add(set)
  }
  if (keys.size > awsLimits.distinctTagKeys) {
    return serviceError(
      'InvalidTagException',
      `The allocations use ${keys.size} distinct tag keys; at most ${awsLimits.distinctTagKeys} are allowed.`,
    )
  }
  if (sum !== total.value) {
    return serviceError(
      'InvalidUsageAllocationsException',
      `Sum of allocated usage quantities (${formatQuantity(sum)}) is not equal to the usage quantity (${formatQuantity(total.value)}).`,
    )
  }
  return total
}

function checkForm(
  allocation: UsageAllocation,
  { decimal }: WireQuantity,
): ServiceResult<bigint, 'InvalidUsageAllocationsException'> {
  const share = quantityOf(allocation)
  const forms = Object.values(share).filter((form) => form !== undefined).length
  if (forms === 1 && (decimal === undefined || share.decimal !== undefined))
    return succeed(microOf(share))
  return serviceError(
    'InvalidUsageAllocationsException',
    forms === 1
      ? 'Each usage allocation must have AllocatedUsageQuantityAsDecimal, because the usage quantity is a decimal.'
      : 'Each usage allocation must have exactly one of AllocatedUsageQuantity and AllocatedUsageQuantityAsDecimal.',
  )
}

/** Returns the quantity of an allocation. */
export function quantityOf(allocation: UsageAllocation): WireQuantity {
  return {
    whole: allocation.AllocatedUsageQuantity,
    decimal: allocation.AllocatedUsageQuantityAsDecimal,
  }
}

/** Returns the same text for equal allocations, whatever their order and that of their tags. */
export function canonicalAllocations(allocations: readonly UsageAllocation[] | undefined): string {
  const parts = (allocations ?? []).map(
    (allocation) =>
      `${canonicalWireTags(allocation.Tags ?? [])}=${microOf(quantityOf(allocation))}`,
  )
  return parts.toSorted().join('\n')
}

function canonicalWireTags(tags: readonly WireTag[]): string {
  const pairs = tags.map(({ Key, Value }): [string, string] => [Key, Value])
  return JSON.stringify(pairs.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)))
}
