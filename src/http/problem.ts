import type { FastifyReply } from 'fastify'
import type { ErrorCode } from '../errors.ts'
import { requestIdHeader } from './request-id.ts'

export const problemContentType = 'application/problem+json; charset=utf-8'

/** Every code that the app listener answers with: its status and a title that never changes. */
export const problems = {
  InvalidJson: { status: 400, title: 'The body is not JSON' },
  InvalidRequest: { status: 400, title: 'The request does not have the expected form' },
  QuantityNotANumber: { status: 400, title: 'The quantity is not a number' },
  QuantityNegative: { status: 400, title: 'The quantity is negative' },
  QuantityTooPrecise: { status: 400, title: 'The quantity has too many digits' },
  QuantityTooLarge: { status: 400, title: 'The quantity is too large' },
  InvalidOccurredAt: { status: 400, title: 'occurredAt is not a time' },
  InvalidTags: { status: 400, title: 'The tags are not acceptable to AWS' },
  InvalidIdempotencyKey: { status: 400, title: 'The idempotency key is not acceptable' },
  UnknownDimension: { status: 400, title: 'The product has no such dimension' },
  OccurredAtTooOld: { status: 400, title: 'The usage is too old' },
  OccurredAtInFuture: { status: 400, title: 'The usage lies in the future' },
  InvalidNonce: { status: 400, title: 'The nonce is not acceptable' },
  Unauthorized: { status: 401, title: 'The bearer token is missing or wrong' },
  ForeignHost: { status: 403, title: 'The Host header does not name this machine' },
  ProofRefused: { status: 403, title: 'AWS refused the proof' },
  ForwardedRequest: { status: 403, title: 'The request came through a proxy' },
  NotFound: { status: 404, title: 'There is nothing here' },
  MethodNotAllowed: { status: 405, title: 'The method is not allowed here' },
  RequestTimeout: { status: 408, title: 'The request took too long to arrive' },
  ProofNotAvailable: { status: 409, title: 'There is no proof for this product' },
  IdempotencyKeyReused: { status: 409, title: 'The idempotency key was used for other content' },
  BodyTooLarge: { status: 413, title: 'The body is too large' },
  UnsupportedMediaType: { status: 415, title: 'The content type is not JSON' },
  TooManyProofs: { status: 429, title: 'Too many proofs were asked for' },
  HeadersTooLarge: { status: 431, title: 'The headers are too large' },
  InternalError: { status: 500, title: 'The sidecar failed' },
  LedgerBusy: { status: 503, title: 'The ledger is locked for a moment' },
  LedgerFailed: { status: 503, title: 'The ledger has failed' },
  ProofUnavailable: { status: 503, title: 'AWS gave no proof for now' },
  ShuttingDown: { status: 503, title: 'The sidecar is shutting down' },
  LedgerFull: { status: 507, title: 'The ledger has no room' },
} as const satisfies Partial<Record<ErrorCode, { status: number; title: string }>>

export type ProblemCode = keyof typeof problems

/** Members that only some problems have. */
export interface ProblemExtras {
  /** The report of a batch that was wrong. */
  readonly index?: number
  /** Also the header Retry-After. */
  readonly retryAfterSeconds?: number
}

/** The members of an RFC 9457 answer. */
export interface Problem extends ProblemExtras {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
}

export function isProblemCode(code: ErrorCode): code is Extract<ErrorCode, ProblemCode> {
  return Object.hasOwn(problems, code)
}

export function problemOf(code: ProblemCode, detail: string, extras: ProblemExtras = {}): Problem {
  const { status, title } = problems[code]
  const type = `urn:marketplace-sidecar:error:${code}`
  return { type, title, status, detail, code, ...extras }
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  const retryAfter = problem.retryAfterSeconds ?? (problem.status === 503 ? 5 : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
  return reply
    .code(problem.status)
    .header('content-type', problemContentType)
    .header(requestIdHeader, reply.request.id)
    .send(JSON.stringify(problem))
}
