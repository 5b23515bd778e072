import { allocationBytes } from '../metering/record/allocations.ts'
import { awsLimits } from '../metering/aws-limits.ts'
import type { MeteringRecord } from '../metering/record/record.ts'

/** What the members of a call need apart from its records. */
const otherMembersBytes = 8192
/** What a record needs apart from its allocations and its customer. */
const recordBytes = 512

/** Splits the records of a call so that none is larger than AWS accepts; one that is too large alone stays alone. */
export function callsWithinBytes(records: readonly MeteringRecord[]): MeteringRecord[][] {
  const most = awsLimits.requestBytes - otherMembersBytes
  const calls: MeteringRecord[][] = []
  let room = 0
  for (const record of records) {
    const bytes = bytesOf(record)
    const call = calls.at(-1)
    if (call === undefined || bytes > room) {
      calls.push([record])
      room = most - bytes
    } else {
      call.push(record)
      room -= bytes
    }
  }
  return calls
}

function bytesOf({ allocations = [], parts, form }: MeteringRecord): number {
  const names = Buffer.byteLength(parts[0]?.account.identity?.value ?? '')
  return allocations.reduce(
    (sum, { tags }) => sum + allocationBytes(tags, form),
    recordBytes + names,
  )
}
