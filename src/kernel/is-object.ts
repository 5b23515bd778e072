/** An object of JSON whose members are not known. */
export type Members = Readonly<Record<string, unknown>>

/** Whether a value of JSON is an object: neither a list nor null. */
export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
