import type { MeteringResult, MeterUsageValue } from '../../aws/metering-api.ts'
import type { Settlement } from '../../metering/record.ts'
import type { LateUsagePolicy } from '../channel.ts'

/** What AWS's answer to a record means for the book. The retry rules of the product are this function. */
export function settlementOf(
  answer: MeteringResult<MeterUsageValue>,
  lateUsage: LateUsagePolicy,
): Settlement {
  if (answer.ok) return { kind: 'accepted', meteringRecordId: answer.value.meteringRecordId }
  const { code, kind, ambiguous } = answer.failure
  const message = `${answer.failure.message} ${answer.failure.advice}`.trim()
  switch (kind) {
    case 'throttled':
      return { kind: 'not-taken', code, message }
    case 'unavailable':
      return { kind: ambiguous ? 'unknown' : 'not-taken', code, message }
    case 'duplicate':
      return { kind: 'hour-taken', code, message }
    case 'out-of-window':
      return { kind: 'too-late', code, message, policy: lateUsage }
    case 'credentials':
    case 'not-entitled':
    case 'misconfigured':
    case 'invalid':
    case 'conflict':
      return { kind: 'refused', code, message }
  }
}
