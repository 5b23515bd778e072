import { customerProblems } from './customer-problems.ts'
import { sourceProblems } from './source-problems.ts'
import { operatorProblems } from './operator-problems.ts'

interface ProblemRow {
  /** HTTP status of the answer. */
  readonly status: number
  /** Title of the problem document; never changes. */
  readonly title: string
  /** The error that an AWS SDK receives for it; InternalServiceErrorException where none is named. */
  readonly awsName?: string
  /** What an AWS SDK receives instead of our own message, which names members that AWS does not have. */
  readonly awsMessage?: string
  /** What happened and what to do, in Markdown, for docs/reference/errors.md. */
  readonly happened: string
  readonly todo: string
}

/** Every error code that the application's listener answers with, by status. */
export const problemTable = {
  InvalidJson: {
    status: 400,
    title: 'The body is not JSON',
    awsName: 'SerializationException',
    happened: 'The body is empty, breaks off, is not UTF-8 or is not JSON; `NaN` is not JSON',
    todo: 'Send one JSON document',
  },
  InvalidRequest: {
    status: 400,
    title: 'The request does not have the expected form',
    awsName: 'SerializationException',
    happened:
      'A member is missing, unknown, of the wrong type or given twice, or a batch does not have 1 to 1000 reports',
    todo: 'Compare the body with [http-api.md](../reference/http-api.md)',
  },
  QuantityNotANumber: {
    status: 400,
    title: 'The quantity is not a number',
    happened: 'The quantity is neither a number nor a decimal number in a string',
    todo: 'Send `3`, `0.25` or `"0.25"`',
  },
  QuantityNegative: {
    status: 400,
    title: 'The quantity is negative',
    happened: 'The quantity is below 0',
    todo: "Usage can't be taken back; report less from now on",
  },
  QuantityTooPrecise: {
    status: 400,
    title: 'The quantity has too many digits',
    happened:
      "The quantity has more than 6 fractional digits, or a JSON number can't hold it exactly",
    todo: 'Round it, or send it as a string',
  },
  QuantityTooLarge: {
    status: 400,
    title: 'The quantity is too large',
    happened:
      'One report has more than 10^15 units, or all reports of a dimension add up to more than 10^18',
    todo: 'Check the unit of the quantity',
  },
  InvalidOccurredAt: {
    status: 400,
    title: 'occurredAt is not a time',
    happened: '`occurredAt` is not an RFC 3339 time with a zone',
    todo: 'Send `2026-11-22T10:15:00Z`, or leave it out to mean now',
  },
  InvalidTags: {
    status: 400,
    title: 'The tags are not acceptable to AWS',
    happened:
      'There are more than 5 tags, or one is too long or has characters that AWS does not accept',
    todo: 'Send at most 5; a key has up to 100 characters, a value up to 256 of `a-zA-Z0-9+ -=._:/@`',
  },
  InvalidIdempotencyKey: {
    status: 400,
    title: 'The idempotency key is not acceptable',
    happened: 'The key is not 1 to 255 visible ASCII characters',
    todo: 'Use a UUID, for example',
  },
  UnknownDimension: {
    status: 400,
    title: 'The product does not have this dimension',
    happened: 'The product does not have this dimension',
    todo: 'Compare with the API identifiers in the portal; display names do not work',
  },
  OccurredAtTooOld: {
    status: 400,
    title: 'The usage is too old',
    awsName: 'TimestampOutOfBoundsException',
    awsMessage:
      'The Timestamp is more than 6 hours old, and AWS Marketplace rejects usage that old.',
    happened: '`occurredAt` is more than 6 hours ago, and AWS rejects usage that old',
    todo: 'Report sooner; without `occurredAt` the usage is billed in the current hour',
  },
  OccurredAtInFuture: {
    status: 400,
    title: 'The usage lies in the future',
    awsName: 'TimestampOutOfBoundsException',
    awsMessage: "The Timestamp is more than 5 minutes ahead of the sidecar's clock.",
    happened: '`occurredAt` is more than 5 minutes ahead',
    todo: "Fix the application's clock",
  },
  InvalidNonce: {
    status: 400,
    title: 'The nonce is not acceptable',
    happened: 'The nonce of a proof is not 16 to 255 visible ASCII characters',
    todo: 'Send a fresh random one, such as 32 bytes in base64url',
  },
  Unauthorized: {
    status: 401,
    title: 'The bearer token is missing or wrong',
    awsName: 'AccessDeniedException',
    happened: 'The listener requires a bearer token, and it is missing or wrong',
    todo: 'Send the content of the file that `SIDECAR_API_TOKEN_FILE` names',
  },
  ProofRefused: {
    status: 403,
    title: 'AWS refused the proof',
    happened: "AWS refused `RegisterUsage` with the application's nonce",
    todo: "Do what `detail` says; it names AWS's error",
  },
  ForeignHost: {
    status: 403,
    title: 'The Host header does not name this machine',
    awsName: 'AccessDeniedException',
    happened: '`Host` or `Origin` does not name this machine',
    todo: 'Call `localhost`, `127.0.0.1` or `[::1]` directly',
  },
  ForwardedRequest: {
    status: 403,
    title: 'The request came through a proxy',
    awsName: 'AccessDeniedException',
    happened: 'A proxy forwarded the request',
    todo: 'Call the sidecar directly; add its address to `NO_PROXY`',
  },
  NotFound: {
    status: 404,
    title: 'There is nothing here',
    happened: 'The path does not exist',
    todo: 'See [http-api.md](../reference/http-api.md)',
  },
  MethodNotAllowed: {
    status: 405,
    title: 'The method is not allowed here',
    happened: 'The path does not accept this method; `Allow` names those that it does',
    todo: 'Use one of those',
  },
  RequestTimeout: {
    status: 408,
    title: 'The request took too long to arrive',
    happened: 'The request took longer than `SIDECAR_REQUEST_TIMEOUT_MS` to arrive',
    todo: 'Repeat the request, and send it without pauses',
  },
  IdempotencyKeyReused: {
    status: 409,
    title: 'The idempotency key was used for other content',
    awsName: 'IdempotencyConflictException',
    awsMessage: 'The ClientToken was used for a request with other parameters.',
    happened: 'The key was used for other content in the last 24 hours',
    todo: 'Use a fresh key for each report, and the same key only to repeat a report unchanged',
  },
  RecordExists: {
    status: 409,
    title: 'The hour already has another quantity',
    awsName: 'DuplicateRequestException',
    happened:
      'An earlier call at the AWS front had another quantity or other allocations for the dimension and hour',
    todo: 'Send an hour once, when it is complete, or let calls add up: `SIDECAR_METER_USAGE_CALLS`',
  },
  ProofNotAvailable: {
    status: 409,
    title: 'There is no proof for this product',
    happened: 'The product is only metered, and AWS signs nothing for it',
    todo: 'Use `/v1/entitlement`',
  },
  BodyTooLarge: {
    status: 413,
    title: 'The body is too large',
    awsName: 'RequestEntityTooLargeException',
    awsMessage: 'The request is larger than SIDECAR_BODY_LIMIT_BYTES.',
    happened: 'The body is larger than `SIDECAR_BODY_LIMIT_BYTES`',
    todo: 'Send fewer reports in one request',
  },
  UnsupportedMediaType: {
    status: 415,
    title: 'The body has a content type or encoding that is not accepted',
    awsName: 'UnknownOperationException',
    awsMessage: 'The content type is not application/x-amz-json-1.1.',
    happened: 'The content type is not JSON, or the body is packed (`Content-Encoding`)',
    todo: 'Send `Content-Type: application/json` and no `Content-Encoding`; `POST /v1/metrics` also reads protobuf and gzip',
  },
  TooManyProofs: {
    status: 429,
    title: 'Too many proofs were requested',
    happened:
      'More than ten proofs were requested at once, or more than one in six seconds after that',
    todo: 'Wait as long as `Retry-After` says',
  },
  HeadersTooLarge: {
    status: 431,
    title: 'The headers are too large',
    happened: 'The headers are larger than 16 KiB',
    todo: 'Send fewer headers; cookies are the usual cause',
  },
  InternalError: {
    status: 500,
    title: 'The sidecar failed',
    happened: 'The sidecar has a defect; its log has the details',
    todo: "Repeat the request; report the defect with the sidecar's version",
  },
  LedgerBusy: {
    status: 503,
    title: 'The ledger is locked for a moment',
    awsName: 'ServiceUnavailableException',
    happened: "Another program, such as a database tool, has locked the ledger's file",
    todo: 'Repeat the request; end that program',
  },
  LedgerFailed: {
    status: 503,
    title: 'The ledger has failed',
    happened:
      'A flush to disk failed, and the sidecar is about to end; whether the report is recorded can be unknown',
    todo: 'Repeat it with the same idempotency key until the sidecar is back; without a key it could count twice',
  },
  LedgerOpening: {
    status: 503,
    title: 'The ledger is being opened',
    awsName: 'ServiceUnavailableException',
    happened:
      'The sidecar has just started, and reading and checking a large ledger takes long; nothing was recorded, and the entitlement is answered',
    todo: 'Repeat the request after `Retry-After`; the ledger opens by itself',
  },
  LedgerNotWritable: {
    status: 503,
    title: 'The volume of the ledger does not accept writes',
    awsName: 'ServiceUnavailableException',
    happened:
      'The volume of the data directory became read-only, most often after an error of the disk, and nothing was recorded; the entitlement is answered anyway',
    todo: 'Repeat the request; look into the kernel log of the machine, repair or replace the volume, and restart the sidecar',
  },
  PlatformUnknown: {
    status: 503,
    title: 'The platform has not said which task or pod this is',
    awsName: 'ServiceUnavailableException',
    happened:
      'ECS or Kubernetes has not named the task or pod yet, so the ledger is closed: usage could be billed twice under a guessed name',
    todo: 'Repeat the request; the ledger opens by itself. The log line `platform.unknown` says what is missing',
  },
  DatabaseUnavailable: {
    status: 503,
    title: 'The database cannot be reached',
    awsName: 'ServiceUnavailableException',
    happened:
      'The database of the ledger does not answer or accepts no writes, and nothing was recorded; the entitlement is answered anyway',
    todo: 'Repeat the request after `Retry-After`; the sidecar continues by itself when the database is back',
  },
  DatabaseNotUsable: {
    status: 503,
    title: 'The database is not fit for the ledger',
    awsName: 'ServiceUnavailableException',
    happened:
      '`synchronous_commit` or `fsync` is off in the database, or the role of the sidecar lacks a right',
    todo: 'Do what `detail` says; the sidecar continues by itself afterwards',
  },
  DatabaseOutcomeUnknown: {
    status: 503,
    title: 'Whether the usage was recorded is unknown',
    happened:
      'The connection to the database broke in the middle of a commit, and the database is not back yet',
    todo: 'Repeat it with the same idempotency key; without a key it could count twice',
  },
  ProofUnavailable: {
    status: 503,
    title: 'AWS gives no proof at the moment',
    happened: 'AWS did not answer, or the sidecar has no usable credentials',
    todo: 'Repeat the request after `Retry-After`; see `/v1/entitlement`',
  },
  ShuttingDown: {
    status: 503,
    title: 'The sidecar is shutting down',
    awsName: 'ServiceUnavailableException',
    happened: 'The sidecar has closed its listener',
    todo: 'Repeat the request when the sidecar runs again, or report before the application ends',
  },
  LedgerFull: {
    status: 507,
    title: 'The ledger has no room',
    happened:
      'The volume is full, or idempotency keys take all that the ledger has for them; records are still sent',
    todo: 'Free or enlarge the volume; the sidecar continues by itself. Use fewer keys: report sums, or batches with one key',
  },
  ...sourceProblems,
  ...customerProblems,
  ...operatorProblems,
} as const satisfies Readonly<Record<string, ProblemRow>>

/** A code that the application's listener answers with. */
export type ProblemCode = keyof typeof problemTable

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemTable, code)
}
