import { awsLimits } from '../metering/aws-limits.ts'
import { canonicalTags, type TagSet } from '../metering/tags.ts'
import { tagText } from '../product/patterns.ts'

/** The tags of usage, each with the value of a label. A value that AWS does not accept is left out. */
export function mappedTags(
  labels: ReadonlyMap<string, string> | undefined,
  valueOf: (label: string) => string | undefined,
): TagSet {
  const tags = [...(labels ?? [])].flatMap(([key, label]) => {
    const value = valueOf(label) ?? ''
    return value.length <= awsLimits.tagValueLength && tagText.test(value) ? [{ key, value }] : []
  })
  return canonicalTags(tags.slice(0, awsLimits.tagsPerAllocation))
}
