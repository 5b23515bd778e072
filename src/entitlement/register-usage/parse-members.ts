import { isObject } from '../../kernel/is-object.ts'

/**
 * Returns the members of a JSON object; undefined when the text is not one or names a member twice.
 * `JSON.parse` uses the last of two, while another reader of the same token may use the first.
 */
export function parseMembers(text: string): ReadonlyMap<string, unknown> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const members = new Map<string, unknown>(Object.entries(value))
  return countMembers(text) === members.size ? members : undefined
}

/** Counts the members of the outermost object of a valid JSON text: its colons outside strings. */
function countMembers(text: string): number {
  const outsideStrings = text.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  let depth = 0
  let count = 0
  for (const character of outsideStrings) {
    if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    else if (character === ':' && depth === 1) count += 1
  }
  return count
}
