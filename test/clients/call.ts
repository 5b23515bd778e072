import type { OperationName } from '../../src/protocol/operations.ts'

/** A call for a client to make, the same for every language. */
export interface Call {
  readonly operation: OperationName
  /** A region other than the task's. */
  readonly region?: string
  /** The members as the SDKs name them, with ISO timestamps. */
  readonly input: object
  /** Switches off the SDK's own checks of the members. */
  readonly unchecked?: true
}

/** The outcome, as the SDK shows it to its caller. */
export interface CallResult {
  readonly output?: Readonly<Record<string, unknown>>
  readonly error?: {
    /** The class of the exception, as the language names it. */
    readonly type: string
    readonly code: string
    readonly message: string
  }
  /** Null if the client does not show it. */
  readonly status: number | null
  readonly requestId: string | null
}
