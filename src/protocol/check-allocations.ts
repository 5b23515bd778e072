import { succeed } from '../kernel/result.ts'
import { serviceError, type ServiceResult } from './service-errors.ts'
import type { WireTag, UsageAllocation } from './fields.ts'
import { awsLimits } from '../metering/aws-limits.ts'

/**
 * Checks AWS's rules for all allocations of a record together: they add up to the quantity, no two
 * have the same tags (and only one may have none), no key is twice in one of them, and they use at most
 * 5 distinct keys. Absent allocations are fine.
 */
export function checkAllocations(
  quantity: number,
  allocations: readonly UsageAllocation[] | undefined,
): ServiceResult<undefined, 'InvalidTagException' | 'InvalidUsageAllocationsException'> {
  if (allocations === undefined) return succeed(undefined)
  const sets = new Set<string>()
  const keys = new Set<string>()
  let sum = 0
  for (const { AllocatedUsageQuantity, Tags = [] } of allocations) {
    sum += AllocatedUsageQuantity
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
  if (sum !== quantity) {
    return serviceError(
      'InvalidUsageAllocationsException',
      `Sum of allocated usage quantities (${sum}) is not equal to the usage quantity (${quantity}).`,
    )
  }
  return succeed(undefined)
}

/** Returns the same text for equal allocations, whatever their order and that of their tags. */
export function canonicalAllocations(allocations: readonly UsageAllocation[] | undefined): string {
  const parts = (allocations ?? []).map(
    ({ AllocatedUsageQuantity, Tags = [] }) =>
      `${canonicalWireTags(Tags)}=${AllocatedUsageQuantity}`,
  )
  return parts.toSorted().join('\n')
}

function canonicalWireTags(tags: readonly WireTag[]): string {
  const pairs = tags.map(({ Key, Value }): [string, string] => [Key, Value])
  return JSON.stringify(pairs.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)))
}
