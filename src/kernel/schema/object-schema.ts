import { show, type ReportMistake } from './mistakes.ts'
import { nearestName } from './nearest-name.ts'
import { isObject, type Members } from '../is-object.ts'
import type { JsonSchema, Schema } from './schema.ts'

interface RequiredMember<T> {
  readonly schema: Schema<T>
  /** What to do when it is missing; without it a missing value is a wrong value. */
  readonly missing: string | undefined
}

interface OptionalMember<T, D> {
  readonly schema: Schema<T>
  /** The value of a missing one. */
  readonly otherwise: D
}

type Member = RequiredMember<unknown> | OptionalMember<unknown, unknown>
type MemberType<M> =
  M extends OptionalMember<infer T, infer D> ? T | D : M extends RequiredMember<infer T> ? T : never
type Shape = Readonly<Record<string, Member>>
type ObjectOf<S extends Shape> = { readonly [Name in keyof S]: MemberType<S[Name]> }

/** A rule about several members. */
export interface Rule {
  check(members: Members, report: ReportMistake): void
  /** The same for `allOf`. */
  readonly json: readonly JsonSchema[]
}

interface ObjectSchema<T> extends Schema<T> {
  readonly json: JsonSchema & { readonly properties: Readonly<Record<string, JsonSchema>> }
}

export function required<T>(schema: Schema<T>, missing?: string): RequiredMember<T> {
  return { schema, missing }
}

export function optional<T>(schema: Schema<T>): OptionalMember<T, undefined>
export function optional<T>(schema: Schema<T>, otherwise: T): OptionalMember<T, T>
export function optional<T>(schema: Schema<T>, otherwise?: T): OptionalMember<T, T | undefined> {
  return { schema, otherwise }
}

/** An object with these members and no others. */
export function object<const S extends Shape>(shape: S, rule?: Rule): ObjectSchema<ObjectOf<S>> {
  const members = Object.entries<Member>(shape)
  const names = members.map(([name]) => name)
  return {
    json: {
      type: 'object',
      additionalProperties: false,
      required: members.flatMap(([name, member]) => ('missing' in member ? [name] : [])),
      properties: Object.fromEntries(members.map(([name, { schema }]) => [name, schema.json])),
      ...(rule && { allOf: rule.json }),
    },
    read(value, place, report) {
      if (!isObject(value)) {
        report(`${place}: ${show(value)} is not allowed; give an object`)
        return undefined
      }
      const prefix = place === '' ? '' : `${place}.`
      for (const name of Object.keys(value).filter((each) => !names.includes(each)))
        report(`${prefix}${show(name)}: there is no such member; ${suggestion(name, names)}`)
      const entries = members.map(([name, member]): [string, unknown] => {
        const at = member.schema.noun === undefined ? `${prefix}${name}` : place
        return [name, readMember(member, value[name], at, report)]
      })
      rule?.check(value, report)
      const isWhole = members.every(
        ([, member], index) => !('missing' in member) || entries[index]?.[1] !== undefined,
      )
      return isWhole ? (Object.fromEntries(entries) as ObjectOf<S>) : undefined
    },
  }
}

function suggestion(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names)
  const meant = nearest === undefined ? '' : `did you mean ${nearest}? `
  return `${meant}known are ${names.join(', ')}`
}

function readMember(member: Member, value: unknown, place: string, report: ReportMistake): unknown {
  const { schema } = member
  if (value !== undefined) return schema.read(value, place, report)
  if ('otherwise' in member) return member.otherwise
  if (member.missing === undefined) return schema.read(value, place, report)
  report(`${place}: missing; ${member.missing}`)
  return undefined
}

/** An object, or the value of its member `name` alone. */
export function orOnly<T>(schema: ObjectSchema<T>, name: string): Schema<T> {
  return {
    json: { anyOf: [schema.json.properties[name], schema.json] },
    read: (value, place, report) =>
      schema.read(isObject(value) ? value : { [name]: value }, place, report),
  }
}
