/** Strings, and what stands between values. No part of a string can match the same characters in two ways. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g

/**
 * Returns the first member that an object of a JSON document has twice, of which `JSON.parse` keeps the last
 * and says nothing; undefined when there is none. `value` is what it made of the text.
 */
export function repeatedMember(text: string, value: unknown): string | undefined {
  // Each member has a colon after its name: as many of these as members are none too many.
  return colonsAfterNames(text) === countMembers(value) ? undefined : findRepeated(text)
}

/** Colons that follow a quotation mark: those after names, and one at the beginning of any string. */
function colonsAfterNames(text: string): number {
  let count = 0
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1
    while (isBlank(text.charCodeAt(before))) before -= 1
    if (text.charCodeAt(before) === quote && !isEscaped(text, before)) count += 1
  }
  return count
}

const quote = 34
const backslash = 92

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before -= 1
  return (at - before) % 2 === 0
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) for (const each of value) count += countMembers(each)
  else for (const name in value) count += 1 + countMembers((value as Record<string, unknown>)[name])
  return count
}

function findRepeated(text: string): string | undefined {
  /** What is open, the innermost last: the names of an object so far, or undefined for a list. */
  const open: (Set<string> | undefined)[] = []
  let isName = false
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token !== ',' && isName) {
      const name = JSON.parse(token) as string
      const names = open.at(-1)
      if (names?.has(name) === true) return name
      names?.add(name)
    }
    isName = token === '{' || (token === ',' && open.at(-1) !== undefined)
  }
  return undefined
}
