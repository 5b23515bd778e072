import type {
  BatchMeterUsageValue,
  BatchRecordResult,
  MeteringFailure,
  MeteringResult,
} from '../../aws/metering-api.ts'
import { wordsOfFailure } from '../../aws/words-of-failure.ts'
import type { LateUsagePolicy, MeteringRecord } from '../../metering/record/record.ts'
import type { SendOutcome } from '../channel.ts'
import { failedSettlement } from '../failed-settlement.ts'

const notSubscribed = 'CustomerNotSubscribed'

/** What AWS's answer to a batch means for each of its records. A success of the call is none of a record. */
export function settlementsOf(
  answer: MeteringResult<BatchMeterUsageValue>,
  records: readonly MeteringRecord[],
  lateUsage: LateUsagePolicy,
): SendOutcome[] {
  return records.map((record, index) => {
    if (answer.ok) return keepingVerdict(record, outcomeOf(answer.value.results[index]))
    const { failure } = answer
    if (records.length > 1 && isOfOneRecord(failure))
      return keepingVerdict(record, notTaken(failure))
    // Of a customer whose licence has ended no later hour can be billed.
    const policy = record.lastCode === notSubscribed ? 'hold' : lateUsage
    return keepingVerdict(record, { settlement: failedSettlement(failure, policy), failure })
  })
}

/**
 * That a customer has no subscription stands until AWS says something else of the record: what becomes of it at
 * the end of its window depends on that, and a failure may come in between that is not about it.
 */
function keepingVerdict({ lastCode }: MeteringRecord, outcome: SendOutcome): SendOutcome {
  const { settlement, failure } = outcome
  if (lastCode !== notSubscribed || failure === undefined) return outcome
  switch (settlement.kind) {
    case 'not-taken':
    case 'unknown':
    case 'too-late':
    case 'refused': {
      const isAboutRecord = settlement.kind === 'refused' && isOfOneRecord(failure)
      return isAboutRecord ? outcome : { ...outcome, settlement: { ...settlement, code: lastCode } }
    }
    default:
      return outcome
  }
}

/** Whether one record can fail the whole call. */
function isOfOneRecord({ kind }: Pick<MeteringFailure, 'kind'>): boolean {
  return !['throttled', 'unavailable', 'credentials'].includes(kind)
}

function notTaken(failure: MeteringFailure): SendOutcome {
  const { code, message } = failure
  return { settlement: { kind: 'not-taken', code, message }, failure, bisect: true }
}

function outcomeOf(result: BatchRecordResult | undefined): SendOutcome {
  switch (result?.status) {
    case 'Success':
      return {
        settlement: { kind: 'accepted', meteringRecordId: result.meteringRecordId },
        failure: undefined,
      }
    case 'CustomerNotSubscribed':
      return failed('refused', {
        code: notSubscribed,
        message: 'The customer has no active subscription.',
        kind: 'not-entitled',
        ambiguous: false,
        advice: 'The sidecar tries it until its window ends, in case the licence becomes active.',
      })
    case 'DuplicateRecord':
      return failed('another-stands', {
        code: 'DuplicateRecord',
        message: 'AWS has a record of another quantity for this customer, dimension and hour.',
        kind: 'duplicate',
        ambiguous: false,
        advice: 'Find out what else meters for this customer, and stop it.',
      })
    case 'Unprocessed':
      return failed('not-taken', {
        code: 'UnprocessedRecord',
        message: 'AWS has not processed the record.',
        kind: 'throttled',
        ambiguous: false,
        advice: 'It is sent again.',
      })
    default:
      return failed('unknown', {
        code: 'ResultMissing',
        message: 'AWS answered with success but left the record out.',
        kind: 'unavailable',
        ambiguous: true,
        advice: 'It is sent again unchanged.',
      })
  }
}

function failed(
  kind: 'refused' | 'another-stands' | 'not-taken' | 'unknown',
  failure: MeteringFailure,
): SendOutcome {
  const { code } = failure
  return { settlement: { kind, code, message: wordsOfFailure(failure) }, failure }
}
