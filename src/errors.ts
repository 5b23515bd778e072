/**
 * Every code that this program gives to a program or to an operator. A code is never renamed and
 * never used for a second meaning; docs/errors.md has a line for each.
 */
export const errorCodes = [
  // settings and start-up
  'InvalidSettings',
  'InvalidProductFile',
  'InvalidArguments',
  'DataDirectoryUnusable',
  'LedgerInUse',
  'LedgerBusy',
  'LedgerFailed',
  'LedgerFull',
  'LedgerImbalanced',
  'ListenFailed',
  // the command ledger
  'LedgerNotFound',
  'LedgerDamaged',
  'LedgerTooNew',
  'RecordNotFound',
  'RecordStateMismatch',
  // requests to the app listener
  'InvalidJson',
  'InvalidRequest',
  'QuantityNotANumber',
  'QuantityNegative',
  'QuantityTooPrecise',
  'QuantityTooLarge',
  'InvalidOccurredAt',
  'InvalidTags',
  'InvalidIdempotencyKey',
  'UnknownDimension',
  'OccurredAtTooOld',
  'OccurredAtInFuture',
  'IdempotencyKeyReused',
  'InvalidNonce',
  'ProofNotAvailable',
  'ProofRefused',
  'ProofUnavailable',
  'TooManyProofs',
  'UnsupportedMediaType',
  'BodyTooLarge',
  'HeadersTooLarge',
  'RequestTimeout',
  'ForeignHost',
  'ForwardedRequest',
  'Unauthorized',
  'NotFound',
  'MethodNotAllowed',
  'ShuttingDown',
  'InternalError',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export interface SidecarErrorOptions {
  readonly cause?: unknown
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean
  /** Which report of a batch it is about, from 0. */
  readonly index?: number | undefined
}

/** An error with a stable code and a message that says what happened and what to do about it. */
export class SidecarError extends Error {
  override readonly name = 'SidecarError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly index: number | undefined

  constructor(code: ErrorCode, message: string, options: SidecarErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.index = options.index
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
