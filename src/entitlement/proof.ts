import type { MeteringFailure } from '../aws/metering-api.ts'

/** When a step that failed is worth another try: in seconds, in minutes, or never. */
export type Patience = 'soon' | 'slowly' | 'never'

export interface FailedStep {
  readonly ok: false
  readonly patience: Patience
  readonly code: string
  /** What happened and what to do. */
  readonly message: string
}

export interface PassedStep {
  readonly ok: true
  /** Sentences for the operator. */
  readonly warnings: readonly string[]
  /** Undefined for a step that AWS does not sign. */
  readonly signedBy: SignedBy | undefined
}

/** The key that AWS signed with. */
export interface SignedBy {
  readonly version: number
  /** When this version ends or ended, ms; only when AWS said so. */
  readonly rotationAt: number | undefined
}

/** What one call of AWS contributed to the proof. */
export type ProofStep = PassedStep | FailedStep

/** A call that AWS or the network refused, as a step of the proof. */
export function failedStep(operation: string, failure: MeteringFailure): FailedStep {
  const { code, message, advice } = failure
  const words = message === '' || message === code ? code : `${code}: ${message}`
  return {
    ok: false,
    patience: patienceWith(failure),
    code,
    message: `${operation} failed with ${/[.!?]$/.test(words) ? words : `${words}.`} ${advice}`,
  }
}

function patienceWith({ kind }: MeteringFailure): Patience {
  switch (kind) {
    case 'throttled':
    case 'unavailable':
      return 'soon'
    // Somebody has to act, or, for the window, the machine's clock has to be put right.
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
