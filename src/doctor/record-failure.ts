import { interceptResults } from '../aws/intercept-results.ts'
import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import { sentence } from './check.ts'

export interface Recorded {
  readonly api: MeteringApi
  /** Of the last call; undefined when that succeeded. */
  readonly lastFailure: () => MeteringFailure | undefined
}

/** The same API, which remembers how its last call failed: what AWS said and what to do apart. */
export function recordFailure(api: MeteringApi): Recorded {
  let last: MeteringFailure | undefined
  const recorded = interceptResults(api, (result) => {
    last = result.ok ? undefined : result.failure
    return result
  })
  return { api: recorded, lastFailure: () => last }
}

export type CallProblem = 'Refused' | 'NotEntitled' | 'NotPermitted' | 'Unavailable'

/** What a failure is to somebody who looks for its cause. */
export function callProblem({ kind }: MeteringFailure): CallProblem {
  switch (kind) {
    case 'throttled':
    case 'unavailable':
      return 'Unavailable'
    case 'credentials':
      return 'NotPermitted'
    case 'not-entitled':
      return 'NotEntitled'
    default:
      return 'Refused'
  }
}

/** What AWS said, as a sentence. */
export function failureWords(operation: string, { code, message }: MeteringFailure): string {
  const words = message === '' || message === code ? code : `${code}: ${message}`
  return sentence(`${operation} failed with ${words}`)
}

/** The same for every call; the fix is that of AWS's error. */
export const callProblems = {
  NotEntitled: {
    status: 'fail',
    when: 'AWS says that the buyer has no subscription.',
    fix: '{advice}',
  },
  NotPermitted: {
    status: 'fail',
    when: 'There are no usable credentials, or they may not make this call.',
    fix: '{advice}',
  },
  Refused: {
    status: 'fail',
    when: 'AWS refuses the call for another reason, which the message names.',
    fix: '{advice}',
  },
  Unavailable: {
    status: 'fail',
    when: 'There was no answer, or one that says to try again.',
    fix: '{advice}',
  },
} as const
