import { SidecarError } from '../../kernel/errors.ts'
import { isObject, type Members } from '../../kernel/is-object.ts'
import { unknownMember } from '../../kernel/schema/unknown-member.ts'

/** Returns the members of a body that may have only these. Throws InvalidRequest. */
export function bodyMembers(body: unknown, allowed: readonly string[]): Members {
  const form = `The body must be an object with ${allowed.join(', ')} alone.`
  if (!isObject(body)) throw new SidecarError('InvalidRequest', form)
  const unknown = Object.keys(body).find((name) => !allowed.includes(name))
  if (unknown === undefined) return body
  throw new SidecarError('InvalidRequest', `${unknownMember(unknown, allowed)} ${form}`)
}
