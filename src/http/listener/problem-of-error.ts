import type { FastifyError } from 'fastify'
import { messageOf, SidecarError } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import { isProblemCode, type ProblemCode } from '../../kernel/problems/problem-table.ts'
import { problemOf, type ProblemDocument } from './problem.ts'

const frameworkCodes: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BodyTooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UnsupportedMediaType',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'InvalidRequest',
}

/** Describes anything that a handler or the framework threw as a problem. */
export function problemOfError(error: unknown): ProblemDocument {
  if (error instanceof SidecarError && isProblemCode(error.code))
    return problemOf(error.code, error.message, {
      ...(error.index !== undefined && { index: error.index }),
      ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
    })
  const { code = '', statusCode = 500 } = (error ?? {}) as Partial<FastifyError>
  const known = frameworkCodes[code]
  if (known !== undefined) return problemOf(known, adviceFor(known, messageOf(error)))
  if (statusCode >= 400 && statusCode < 500) return problemOf('InvalidRequest', messageOf(error))
  return problemOf(
    'InternalError',
    'The sidecar could not handle this request and recorded no part of it. Its log says why.',
  )
}

/** Describes what a request failed with, and logs a defect. */
export function problemToSend(
  error: unknown,
  { route, requestId }: { readonly route: string | undefined; readonly requestId: string },
  log: Log,
): ProblemDocument {
  const problem = problemOfError(error)
  if (problem.status === 500) log('http.failed', messageOf(error), { route, requestId, error })
  return problem
}

function adviceFor(code: ProblemCode, message: string): string {
  switch (code) {
    case 'BodyTooLarge':
      return 'The body is larger than SIDECAR_BODY_LIMIT_BYTES. Send fewer reports in one request.'
    case 'UnsupportedMediaType':
      return 'Send JSON with the header "Content-Type: application/json".'
    default:
      return message
  }
}
