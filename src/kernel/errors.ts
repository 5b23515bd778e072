interface ErrorRow {
  /** HTTP status at the application's listener, which never answers with a code that has none. */
  readonly status?: number
  /** Title of the problem document; never changes. */
  readonly title?: string
  /** The error that an AWS SDK receives for it; InternalServiceErrorException where none is named. */
  readonly awsName?: string
  /** What an AWS SDK receives instead of our own message, which names members that AWS does not have. */
  readonly awsMessage?: string
}

/**
 * Every error code that a program or an operator can receive. A code is never renamed and never used for
 * a second meaning; docs/errors.md has a line for each.
 */
export const errorTable = {
  // settings and start-up
  InvalidSettings: {},
  InvalidProductFile: {},
  InvalidArguments: {},
  DataDirectoryUnusable: {},
  LedgerInUse: {},
  LedgerBusy: {
    status: 503,
    title: 'The ledger is locked for a moment',
    awsName: 'ServiceUnavailableException',
  },
  LedgerFailed: { status: 503, title: 'The ledger has failed' },
  LedgerFull: { status: 507, title: 'The ledger has no room' },
  LedgerImbalanced: {},
  ListenFailed: {},
  // the command ledger
  LedgerNotFound: {},
  LedgerDamaged: {},
  LedgerTooNew: {},
  LedgerTooOld: {},
  RecordNotFound: {},
  RecordStateMismatch: {},
  HeldNotFound: {},
  UsageNotFound: {},
  OperatorNotAllowed: {},
  // requests to the app listener
  InvalidJson: { status: 400, title: 'The body is not JSON', awsName: 'SerializationException' },
  InvalidRequest: {
    status: 400,
    title: 'The request does not have the expected form',
    awsName: 'SerializationException',
  },
  QuantityNotANumber: { status: 400, title: 'The quantity is not a number' },
  QuantityNegative: { status: 400, title: 'The quantity is negative' },
  QuantityTooPrecise: { status: 400, title: 'The quantity has too many digits' },
  QuantityTooLarge: { status: 400, title: 'The quantity is too large' },
  InvalidOccurredAt: { status: 400, title: 'occurredAt is not a time' },
  InvalidTags: { status: 400, title: 'The tags are not acceptable to AWS' },
  InvalidIdempotencyKey: { status: 400, title: 'The idempotency key is not acceptable' },
  UnknownDimension: { status: 400, title: 'The product has no such dimension' },
  OccurredAtTooOld: {
    status: 400,
    title: 'The usage is too old',
    awsName: 'TimestampOutOfBoundsException',
    awsMessage:
      'The Timestamp is more than 6 hours old, and AWS Marketplace rejects usage that old.',
  },
  OccurredAtInFuture: {
    status: 400,
    title: 'The usage lies in the future',
    awsName: 'TimestampOutOfBoundsException',
    awsMessage: "The Timestamp is more than 5 minutes ahead of the sidecar's clock.",
  },
  IdempotencyKeyReused: {
    status: 409,
    title: 'The idempotency key was used for other content',
    awsName: 'IdempotencyConflictException',
    awsMessage: 'The ClientToken was used for a request with other parameters.',
  },
  InvalidNonce: { status: 400, title: 'The nonce is not acceptable' },
  ProofNotAvailable: { status: 409, title: 'There is no proof for this product' },
  ProofRefused: { status: 403, title: 'AWS refused the proof' },
  ProofUnavailable: { status: 503, title: 'AWS gave no proof for now' },
  TooManyProofs: { status: 429, title: 'Too many proofs were asked for' },
  UnsupportedMediaType: {
    status: 415,
    title: 'The content type is not JSON',
    awsName: 'UnknownOperationException',
    awsMessage: 'The content type is not application/x-amz-json-1.1.',
  },
  BodyTooLarge: {
    status: 413,
    title: 'The body is too large',
    awsName: 'RequestEntityTooLargeException',
    awsMessage: 'The request is larger than SIDECAR_BODY_LIMIT_BYTES.',
  },
  HeadersTooLarge: { status: 431, title: 'The headers are too large' },
  RequestTimeout: { status: 408, title: 'The request took too long to arrive' },
  ForeignHost: {
    status: 403,
    title: 'The Host header does not name this machine',
    awsName: 'AccessDeniedException',
  },
  ForwardedRequest: {
    status: 403,
    title: 'The request came through a proxy',
    awsName: 'AccessDeniedException',
  },
  Unauthorized: {
    status: 401,
    title: 'The bearer token is missing or wrong',
    awsName: 'AccessDeniedException',
  },
  NotFound: { status: 404, title: 'There is nothing here' },
  MethodNotAllowed: { status: 405, title: 'The method is not allowed here' },
  ShuttingDown: {
    status: 503,
    title: 'The sidecar is shutting down',
    awsName: 'ServiceUnavailableException',
  },
  InternalError: { status: 500, title: 'The sidecar failed' },
} as const satisfies Readonly<Record<string, ErrorRow>>

export type ErrorCode = keyof typeof errorTable
export const errorCodes = Object.keys(errorTable) as readonly ErrorCode[]

/** A code that the application's listener answers with. */
export type ProblemCode = {
  [Code in ErrorCode]: (typeof errorTable)[Code] extends { readonly status: number } ? Code : never
}[ErrorCode]

export function isProblemCode(code: ErrorCode): code is ProblemCode {
  return 'status' in errorTable[code]
}

/** The rows of the problem codes. */
export const problems = Object.fromEntries(
  errorCodes.filter(isProblemCode).map((code) => [code, errorTable[code]]),
) as Pick<typeof errorTable, ProblemCode>

export interface SidecarErrorOptions {
  readonly cause?: unknown
  /** The index of the report in its batch, from 0. */
  readonly index?: number | undefined
  /** How long the caller should wait before the same request can succeed. */
  readonly retryAfterSeconds?: number | undefined
}

/** An error with a stable code and a message that says what happened and what to do about it. */
export class SidecarError extends Error {
  override readonly name = 'SidecarError'
  readonly code: ErrorCode
  readonly index: number | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: SidecarErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.index = options.index
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Returns the message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
