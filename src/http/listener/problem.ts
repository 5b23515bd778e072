import type { FastifyReply } from 'fastify'
import { problemTable, type ProblemCode } from '../../kernel/problems/problem-table.ts'
import { requestIdHeader } from './request-id.ts'

export const problemContentType = 'application/problem+json; charset=utf-8'

/** Members that only some problems have. */
interface ProblemExtras {
  /** The index of the wrong report in its batch, from 0. */
  readonly index?: number
  /** Also sent as the header Retry-After. */
  readonly retryAfterSeconds?: number
}

/** The members of an RFC 9457 problem document. */
export interface ProblemDocument extends ProblemExtras {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
}

export function problemOf(
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
): ProblemDocument {
  const { status, title } = problemTable[code]
  const type = `urn:marketplace-sidecar:error:${code}`
  return { type, title, status, detail, code, ...extras }
}

interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Returns the answer to a request that failed. */
export function problemAnswer(problem: ProblemDocument, requestId: string): ProblemAnswer {
  const { status } = problem
  const retryAfter = problem.retryAfterSeconds ?? (status === 503 ? 5 : undefined)
  const headers = {
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    'content-type': problemContentType,
    [requestIdHeader]: requestId,
  }
  return { status, headers, body: JSON.stringify(problem) }
}

export function sendProblem(reply: FastifyReply, problem: ProblemDocument): FastifyReply {
  const { status, headers, body } = problemAnswer(problem, reply.request.id)
  return reply.code(status).headers(headers).send(body)
}
