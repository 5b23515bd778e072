import { fromIso } from '../../kernel/clock.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'

/** Reads the value of the field `name`; a failure is a sentence about it. */
export type ReadField<T> = (name: string, value: unknown) => Result<T, string>

type Readers = Readonly<Record<string, ReadField<unknown>>>

/** The fields that were given, as their readers return them. */
export type FieldsOf<R> = {
  -readonly [K in keyof R]?: R[K] extends ReadField<infer T> ? T : never
}

/** Reads each field of `given` with its reader, up to the first mistake. Unknown fields are mistakes. */
export function readFields<const R extends Readers>(
  given: object,
  readers: R,
): Result<FieldsOf<R>, string> {
  const known = Object.keys(readers)
  const fields = new Map<string, unknown>(Object.entries(given))
  const unknown = [...fields.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) {
    return fail(`${unknown} is not known here; known are ${known.join(', ')}`)
  }
  const read: Record<string, unknown> = {}
  for (const [name, readField] of Object.entries<ReadField<unknown>>(readers)) {
    if (!fields.has(name)) continue
    const result = readField(name, fields.get(name))
    if (!result.ok) return result
    read[name] = result.value
  }
  return succeed(read as FieldsOf<R>)
}

export const text: ReadField<string> = (name, value) =>
  typeof value === 'string' && value !== ''
    ? succeed(value)
    : fail(`${name} must be a text that is not empty`)

export const texts: ReadField<readonly string[]> = (name, value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')
    ? succeed(value as readonly string[])
    : fail(`${name} must be a list of texts that are not empty`)

export const number: ReadField<number> = (name, value) =>
  typeof value === 'number' && Number.isFinite(value)
    ? succeed(value)
    : fail(`${name} must be a number`)

export const positive: ReadField<number> = (name, value) => {
  const result = number(name, value)
  return result.ok && result.value <= 0 ? fail(`${name} must be more than 0`) : result
}

export const count: ReadField<number> = (name, value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? succeed(value)
    : fail(`${name} must be a whole number, 0 or more`)

export const atLeastOne: ReadField<number> = (name, value) => {
  const result = count(name, value)
  return result.ok && result.value < 1 ? fail(`${name} must be at least 1`) : result
}

export const boolean: ReadField<boolean> = (name, value) =>
  typeof value === 'boolean' ? succeed(value) : fail(`${name} must be true or false`)

/** An ISO time, as ms. */
export const instant: ReadField<number> = (name, value) => {
  const parsed = typeof value === 'string' ? fromIso(value) : undefined
  return parsed === undefined
    ? fail(`${name} must be a time such as 2026-03-10T09:15:00Z`)
    : succeed(parsed)
}

export function oneOf<T extends string>(allowed: readonly T[]): ReadField<T> {
  return (name, value) => {
    const found = allowed.find((candidate) => candidate === value)
    return found === undefined
      ? fail(`${name} must be one of ${allowed.join(', ')}`)
      : succeed(found)
  }
}

/** Null stands for undefined. */
export function orNull<T>(readField: ReadField<T>): ReadField<T | undefined> {
  return (name, value) => (value === null ? succeed(undefined) : readField(name, value))
}
