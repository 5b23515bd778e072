import { isObject } from '../../kernel/is-object.ts'
import { fromIso } from '../../kernel/clock.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import type {
  Field,
  ListType,
  SectionType,
  TextType,
  ScenarioValue,
  ValueType,
} from './scenario-types.ts'

/** A checked value, or every mistake in it. */
export type Checked<T> = Result<T, readonly string[]>

/** Checks a value against its type and returns it in the form that the type gives it. */
export function checkValue<T extends ValueType>(
  type: T,
  value: unknown,
  path = '',
): Checked<ScenarioValue<T>> {
  return check(type, value, path) as Checked<ScenarioValue<T>>
}

function check(type: ValueType, value: unknown, path: string): Checked<unknown> {
  const refuse = (hint = '') =>
    fail([`${path || 'the file'} must be ${describeType(type)}, not ${show(value)}${hint}`])
  switch (type.kind) {
    case 'text':
      if (typeof value === 'number') return refuse('; put it in quotes')
      return typeof value === 'string' && isAllowed(type, value) ? succeed(value) : refuse()
    case 'integer':
      return Number.isInteger(value) && Number(value) >= type.min && Number(value) <= type.max
        ? succeed(value)
        : refuse()
    case 'boolean':
      return typeof value === 'boolean' ? succeed(value) : refuse()
    case 'time': {
      const instant = typeof value === 'string' ? fromIso(value) : undefined
      return instant === undefined ? refuse() : succeed(instant)
    }
    case 'choice':
      return type.choices.some((known) => known === value) ? succeed(value) : refuse()
    case 'list':
      return Array.isArray(value) ? checkList(type, value, path) : refuse()
    case 'section':
      return isObject(value) ? checkSection(type, value, path) : refuse()
  }
}

function checkList(
  type: ListType,
  values: readonly unknown[],
  path: string,
): Checked<readonly unknown[]> {
  const mistakes: string[] = []
  if (values.length < type.min || values.length > type.max) {
    mistakes.push(`${path} must be ${describeType(type)}, not ${values.length} of them`)
  }
  const items = values.slice(0, type.max)
  if (type.item.kind !== 'section' && new Set(items).size < items.length) {
    mistakes.push(`${path} has an entry twice; remove one`)
  }
  return collect(
    mistakes,
    items.map((item, index) => check(type.item, item, `${path}[${index}]`)),
  )
}

function checkSection({ fields }: SectionType, value: object, path: string): Checked<object> {
  const place = (name: string) => (path === '' ? name : `${path}.${name}`)
  const given = Object.entries(value).filter(([, item]) => item !== null)
  const mistakes = given
    .filter(([name]) => !Object.hasOwn(fields, name))
    .map(([name]) => `${place(name)} is not known; known are ${Object.keys(fields).join(', ')}`)
  const has = new Map<string, unknown>(given)
  const checked = Object.entries(fields).flatMap(([name, field]) => {
    if (has.has(name)) return [checkField(name, field, has.get(name), place(name))]
    return field.required === true
      ? [fail([`${place(name)} is missing: give ${describeType(field.type)}`])]
      : []
  })
  const entries = collect(mistakes, checked)
  return entries.ok ? succeed(Object.fromEntries(entries.value)) : entries
}

function checkField(
  name: string,
  { type }: Field,
  value: unknown,
  place: string,
): Checked<readonly [string, unknown]> {
  const checked = check(type, value, place)
  return checked.ok ? succeed([name, checked.value]) : checked
}

/** Collects the values, or all the mistakes if there are any. */
function collect<T>(
  mistakes: readonly string[],
  checked: readonly Checked<T>[],
): Checked<readonly T[]> {
  const all = [...mistakes, ...checked.flatMap((one) => (one.ok ? [] : one.failure))]
  return all.length > 0 ? fail(all) : succeed(checked.flatMap((one) => (one.ok ? [one.value] : [])))
}

function isAllowed({ maxLength, allowed }: TextType, value: string): boolean {
  return value !== '' && value.length <= maxLength && allowed(value)
}

/** Describes what a value of the type must be, for messages and for the docs. */
export function describeType(type: ValueType): string {
  switch (type.kind) {
    case 'text':
      return type.range
    case 'integer':
      return `a whole number from ${type.min} to ${type.max}`
    case 'boolean':
      return 'true or false'
    case 'time':
      return 'a time such as 2026-03-10T09:15:00Z'
    case 'choice':
      return `one of ${type.choices.join(', ')}`
    case 'list':
      return `a list of ${type.min} to ${type.max} ${type.noun}`
    case 'section':
      return 'a section of fields'
  }
}

const longestShown = 60

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text
}
