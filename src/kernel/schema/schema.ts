import { isObject } from '../is-object.ts'
import { show, type ReportMistake } from './mistakes.ts'
import { fail, succeed, type Result } from '../result.ts'

/** A JSON Schema of the draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * One description of data from outside. It reads a value, reports every mistake in words, and gives the
 * type (`TypeOf`) and the JSON Schema, so that none of the four is written twice.
 */
export interface Schema<T> {
  readonly json: JsonSchema
  /** What messages call the value where the place is that of its parent, such as `the name`. */
  readonly noun?: string
  /**
   * Reports each mistake after its place, and returns what could be read. After a report the value may
   * lack parts: `collectMistakes` drops it.
   */
  read(value: unknown, place: string, report: ReportMistake): T | undefined
}

export type TypeOf<S> = S extends Schema<infer T> ? T : never

/** The mistake of a single value; `give` is what is allowed. */
export function notAllowed(value: unknown, give: string, noun?: string) {
  const subject = noun === undefined ? show(value) : `${noun} ${show(value)}`
  return fail(`${subject} is not allowed; give ${give}`)
}

/** A value that `parse` reads. `json` allows the same, as far as JSON Schema can express it. */
export function parsed<T>(
  json: JsonSchema,
  parse: (value: unknown) => Result<T, string>,
): Schema<T> {
  return {
    json,
    read(value, place, report) {
      const result = parse(value)
      if (result.ok) return result.value
      report(`${place}: ${result.failure}`)
      return undefined
    },
  }
}

interface TextRules {
  readonly pattern?: RegExp
  /** In characters; the shortest text has one. */
  readonly longest?: number
  /** What is allowed, for messages. */
  readonly give: string
}

export function text({ pattern, longest, give }: TextRules, noun?: string): Schema<string> {
  const json = {
    type: 'string',
    ...(longest !== undefined && { minLength: 1, maxLength: longest }),
    ...(pattern && { pattern: pattern.source }),
  }
  const allows = (value: string) =>
    (longest === undefined || (value.length > 0 && value.length <= longest)) &&
    (pattern === undefined || pattern.test(value))
  const schema = parsed(json, (value) =>
    typeof value === 'string' && allows(value) ? succeed(value) : notAllowed(value, give, noun),
  )
  return noun === undefined ? schema : { ...schema, noun }
}

export function choice<const T extends string>(choices: readonly T[]): Schema<T> {
  return parsed({ enum: choices }, (value) => {
    const chosen = choices.find((known) => known === value)
    return chosen === undefined
      ? notAllowed(value, `one of ${choices.join(', ')}`)
      : succeed(chosen)
  })
}

interface ListRules<T> {
  readonly most?: number
  /** The mistake of a longer list. */
  readonly tooMany?: (count: number) => string
  /** What no two items may share, and what messages call it. */
  readonly unique?: { readonly of: (item: T) => string; readonly noun: string }
  readonly give: string
}

interface ListSchema<T> extends Schema<readonly T[]> {
  /** Reads items that come from elsewhere, each with its place in messages. */
  readItems(
    items: readonly { readonly place: string; readonly value: unknown }[],
    place: string,
    report: ReportMistake,
  ): readonly T[]
}

export function list<T>(
  item: Schema<T>,
  { most = Infinity, tooMany, unique, give }: ListRules<T>,
): ListSchema<T> {
  return {
    json: { type: 'array', ...(most < Infinity && { maxItems: most }), items: item.json },
    read(value, place, report) {
      if (Array.isArray(value)) {
        const items = value.map((each: unknown, index) => ({
          place: `${place}[${index}]`,
          value: each,
        }))
        return this.readItems(items, place, report)
      }
      report(`${place}: ${notAllowed(value, give).failure}`)
      return undefined
    },
    readItems(items, place, report) {
      if (items.length > most) report(`${place}: ${tooMany?.(items.length)}`)
      const seen = new Set<string>()
      return items.slice(0, most).flatMap((each) => {
        const read = item.read(each.value, each.place, report)
        if (read === undefined) return []
        const key = unique?.of(read)
        if (key !== undefined && seen.has(key))
          report(`${each.place}: ${unique?.noun} ${show(key)} is listed twice; remove one`)
        if (key !== undefined) seen.add(key)
        return [read]
      })
    },
  }
}

interface MapRules<K> {
  /** The keys that JSON Schema allows. */
  readonly pattern: string
  readonly key: (text: string) => Result<K, string>
  /** The mistake of anything but an object. */
  readonly give: string
}

/** An object whose members are not known before. */
export function mapOf<K, T>(
  item: Schema<T>,
  { pattern, key, give }: MapRules<K>,
): Schema<ReadonlyMap<K, T>> {
  return {
    json: {
      type: 'object',
      additionalProperties: false,
      patternProperties: { [pattern]: item.json },
    },
    read(value, place, report) {
      if (!isObject(value)) {
        report(`${place}: give ${give}`)
        return undefined
      }
      const entries = Object.entries(value).flatMap(([name, content]): [K, T][] => {
        const at = `${place}[${show(name)}]`
        const known = key(name)
        if (!known.ok) report(`${at}: ${known.failure}`)
        const read = known.ok ? item.read(content, at, report) : undefined
        return known.ok && read !== undefined ? [[known.value, read]] : []
      })
      return new Map(entries)
    },
  }
}

/** Adds a description to the JSON Schema. */
export function described<S extends Schema<unknown>>(schema: S, description: string): S {
  return { ...schema, json: { ...schema.json, description } }
}
