import type { MeteringRecord } from '../metering/record/record.ts'
import { tagsOf } from '../metering/tags.ts'

/** The allocations of a record as a call to AWS has them; undefined for a record without any. */
export function callAllocations({ allocations }: Pick<MeteringRecord, 'allocations'>) {
  return allocations?.map(({ tags, quantity }) => ({ quantity, tags: tagsOf(tags) }))
}
