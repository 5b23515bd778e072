/** Strings, and what stands between values. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/g

/**
 * Returns the first member that an object of a JSON document has twice, of which `JSON.parse` keeps the last
 * and says nothing; undefined when there is none. The text must be valid JSON.
 */
export function repeatedMember(text: string): string | undefined {
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
