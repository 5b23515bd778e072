import type { FastifyError } from 'fastify'
import { SidecarError, messageOf } from '../errors.ts'
import {
  isProblemCode,
  problemOf,
  type Problem,
  type ProblemCode,
  type ProblemExtras,
} from './problem.ts'

/** A request that cannot be served, before or instead of anything being recorded. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: ProblemCode
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, message: string, extras: ProblemExtras = {}) {
    super(message)
    this.code = code
    this.extras = extras
  }
}

const frameworkCodes: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BodyTooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UnsupportedMediaType',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'InvalidJson',
  FST_ERR_CTP_INVALID_JSON_BODY: 'InvalidJson',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'InvalidRequest',
}

/** The answer to anything that a handler or the framework threw. */
export function problemOfError(error: unknown): Problem {
  if (error instanceof RequestError) return problemOf(error.code, error.message, error.extras)
  if (error instanceof SidecarError && isProblemCode(error.code))
    return problemOf(
      error.code,
      error.message,
      error.index === undefined ? {} : { index: error.index },
    )
  const { code = '', statusCode = 500 } = (error ?? {}) as Partial<FastifyError>
  const known = frameworkCodes[code]
  if (known !== undefined) return problemOf(known, adviceFor(known, messageOf(error)))
  if (error instanceof SyntaxError)
    return problemOf('InvalidJson', adviceFor('InvalidJson', error.message))
  if (statusCode >= 400 && statusCode < 500) return problemOf('InvalidRequest', messageOf(error))
  return problemOf(
    'InternalError',
    'The sidecar could not handle this request; nothing of it was recorded. Its log says why.',
  )
}

function adviceFor(code: ProblemCode, message: string): string {
  switch (code) {
    case 'BodyTooLarge':
      return 'The body is larger than SIDECAR_BODY_LIMIT_BYTES. Send fewer reports in one request.'
    case 'UnsupportedMediaType':
      return 'Send JSON with the header "Content-Type: application/json".'
    case 'InvalidJson':
      return `The body could not be read as JSON (${message}). Nothing was recorded.`
    default:
      return message
  }
}
