import type { MeteringFailure } from '../aws/metering-api.ts'
import { wordsOfFailure } from '../aws/words-of-failure.ts'
import type { LateUsagePolicy, Settlement } from '../metering/record/record.ts'

/** What a failed call means for the record that it was about. The retry rules of the product are this function. */
export function failedSettlement(
  failure: MeteringFailure,
  lateUsage: LateUsagePolicy,
): Exclude<Settlement, { readonly kind: 'accepted' }> {
  const { code, kind, ambiguous } = failure
  const message = wordsOfFailure(failure)
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
