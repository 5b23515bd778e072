/** JSON.rawJSON and the third argument of a reviver are in Node 24, but not in TypeScript's library yet. */
interface ExactJson {
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): object
}

const json = JSON as unknown as ExactJson

/**
 * Parses JSON that is only passed on: `JSON.stringify` writes every number as it came, also one that
 * JavaScript cannot hold, or would write in another way. Of a member that comes twice the last stays,
 * so that nothing is passed on that was not checked. Throws what `JSON.parse` throws.
 */
export function parseExact(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  )
}
