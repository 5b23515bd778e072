import { SidecarError } from '../../kernel/errors.ts'
import { isObject, type Members } from '../../kernel/is-object.ts'

/** The members of a body that may have only these. Throws InvalidRequest. */
export function bodyMembers(body: unknown, allowed: readonly string[]): Members {
  if (isObject(body) && Object.keys(body).every((name) => allowed.includes(name))) return body
  throw new SidecarError(
    'InvalidRequest',
    `The body must be an object with ${allowed.join(', ')} alone.`,
  )
}
