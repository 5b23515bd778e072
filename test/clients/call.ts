import type { OperationName } from '../../src/protocol/operations.ts'

/** One call that a client is to make; the same for the clients of every language. */
export interface Call {
  readonly operation: OperationName
  /** Another region than that of the task. */
  readonly region?: string
  /** Members as the SDKs name them; timestamps are ISO. */
  readonly input: object
  /** Where the SDK checks members by itself, it is told not to. */
  readonly unchecked?: true
}

/** What came of it, as the SDK shows it to its caller. */
export interface CallResult {
  readonly output?: Readonly<Record<string, unknown>>
  readonly error?: {
    /** The class of the exception in the words of the language. */
    readonly type: string
    readonly code: string
    readonly message: string
  }
  /** Null where the client does not tell. */
  readonly status: number | null
  readonly requestId: string | null
}
