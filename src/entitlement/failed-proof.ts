import type { MeteringFailure } from '../aws/metering-api.ts'
import { asSentence } from '../kernel/text/as-sentence.ts'
import type { FailedProof, Patience } from './proof.ts'

/** Describes a call that AWS or the network refused. `operation` is its name for people. */
export function failedProof(operation: string, failure: MeteringFailure): FailedProof {
  const { code, message, advice, kind } = failure
  const words = message === '' || message === code ? code : `${code}: ${message}`
  return {
    code,
    message: asSentence(`${operation} failed with ${words}`),
    advice,
    kind,
    patience: patienceWith(failure),
  }
}

function patienceWith({ kind }: MeteringFailure): Patience {
  switch (kind) {
    case 'throttled':
    case 'unavailable':
      return 'soon'
    // The operator has to act, or, for the window, the machine's clock has to be corrected.
    case 'credentials':
    case 'out-of-window':
    case 'conflict':
    case 'duplicate':
      return 'slowly'
    case 'not-entitled':
    case 'misconfigured':
    case 'invalid':
      return 'never'
  }
}
