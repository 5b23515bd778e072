import type { FastifyReply } from 'fastify'
import { problemTable, type ProblemCode } from '../../kernel/problem-table.ts'
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

export function sendProblem(reply: FastifyReply, problem: ProblemDocument): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  const retryAfter = problem.retryAfterSeconds ?? (problem.status === 503 ? 5 : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
  return reply
    .code(problem.status)
    .header('content-type', problemContentType)
    .header(requestIdHeader, reply.request.id)
    .send(JSON.stringify(problem))
}
