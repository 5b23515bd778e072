import { succeed } from '../kernel/result.ts'
import { serviceError, type ServiceResult } from './errors.ts'
import type { Tag, UsageAllocation } from './inputs.ts'
import { maxDistinctTagKeys } from './operations.ts'

/**
 * The rules that AWS has over all allocations of a record, beyond the limits of each: they add up to
 * the quantity, no tag set comes twice (the empty one neither), no key comes twice in one set, and at
 * most 5 distinct keys are used. Absent allocations are fine.
 */
export function checkAllocations(
  quantity: number,
  allocations: readonly UsageAllocation[] | undefined,
): ServiceResult<undefined> {
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
    const set = canonicalTags(Tags)
    if (sets.has(set)) {
      return serviceError(
        'InvalidUsageAllocationsException',
        'Each usage allocation must have a unique set of tags.',
      )
    }
    sets.add(set)
  }
  if (keys.size > maxDistinctTagKeys) {
    return serviceError(
      'InvalidTagException',
      `The allocations use ${keys.size} distinct tag keys; at most ${maxDistinctTagKeys} are allowed.`,
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

/** The same text for allocations that mean the same, in whatever order they and their tags come. */
export function canonicalAllocations(allocations: readonly UsageAllocation[] | undefined): string {
  const parts = (allocations ?? []).map(
    ({ AllocatedUsageQuantity, Tags = [] }) => `${canonicalTags(Tags)}=${AllocatedUsageQuantity}`,
  )
  return parts.toSorted().join('\n')
}

function canonicalTags(tags: readonly Tag[]): string {
  const pairs = tags.map(({ Key, Value }): [string, string] => [Key, Value])
  return JSON.stringify(pairs.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)))
}
