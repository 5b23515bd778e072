import { show } from './mistakes.ts'
import { nearestName } from './nearest-name.ts'

/** Says that an object may not have a member of this name, and which one was probably meant. */
export function unknownMember(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  const meant = nearest === undefined ? '.' : `; did you mean "${nearest}"?`
  return `The member ${show(name)} is unknown${meant}`
}
