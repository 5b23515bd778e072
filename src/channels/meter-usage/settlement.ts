import type { MeteringResult, MeterUsageValue } from '../../aws/metering-api.ts'
import type { LateUsagePolicy, MeteringRecord } from '../../metering/record/record.ts'
import type { SendOutcome } from '../channel.ts'
import { failedSettlement } from '../failed-settlement.ts'

/** What AWS's answer to a record means for the book. */
export function settlementsOf(
  answer: MeteringResult<MeterUsageValue>,
  records: readonly MeteringRecord[],
  lateUsage: LateUsagePolicy,
): SendOutcome[] {
  return records.map(() => {
    if (!answer.ok)
      return { settlement: failedSettlement(answer.failure, lateUsage), failure: answer.failure }
    const { meteringRecordId } = answer.value
    return { settlement: { kind: 'accepted', meteringRecordId }, failure: undefined }
  })
}
