import { fromIso } from '../../kernel/clock.ts'
import type {
  Field,
  ListType,
  SectionType,
  TextType,
  ValueOf,
  ValueType,
} from './scenario-types.ts'

export type ReportMistake = (mistake: string) => void

/**
 * The value in the form that its type has, with everything reported that is wrong about it. What was
 * reported about is not to be used.
 */
export function checkValue<T extends ValueType>(
  type: T,
  value: unknown,
  path: string,
  report: ReportMistake,
): ValueOf<T> {
  return check(type, value, path, report) as ValueOf<T>
}

function check(type: ValueType, value: unknown, path: string, report: ReportMistake): unknown {
  const refuse = (hint = '') => {
    report(`${path || 'the file'} must be ${describeType(type)}, not ${show(value)}${hint}`)
    return undefined
  }
  switch (type.kind) {
    case 'text':
      if (typeof value === 'number') return refuse('; put it in quotes')
      return typeof value === 'string' && isAllowed(type, value) ? value : refuse()
    case 'integer':
      return Number.isInteger(value) && Number(value) >= type.min && Number(value) <= type.max
        ? value
        : refuse()
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse()
    case 'time':
      return (typeof value === 'string' ? fromIso(value) : undefined) ?? refuse()
    case 'choice':
      return type.choices.some((known) => known === value) ? value : refuse()
    case 'list':
      return Array.isArray(value) ? checkList(type, value, path, report) : refuse()
    case 'section':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? checkSection(type, value, path, report)
        : refuse()
  }
}

function checkList(
  type: ListType,
  values: readonly unknown[],
  path: string,
  report: ReportMistake,
): readonly unknown[] {
  if (values.length < type.min || values.length > type.max) {
    report(`${path} must be ${describeType(type)}, not ${values.length} of them`)
  }
  const items = values.slice(0, type.max)
  if (type.item.kind !== 'section' && new Set(items).size < items.length) {
    report(`${path} names something twice; remove one`)
  }
  return items.map((item, index) => check(type.item, item, `${path}[${index}]`, report))
}

function checkSection(
  { fields }: SectionType,
  value: object,
  path: string,
  report: ReportMistake,
): object {
  const place = (name: string) => (path === '' ? name : `${path}.${name}`)
  const given = Object.entries(value).filter(([, item]) => item !== null)
  for (const [name] of given) {
    if (!Object.hasOwn(fields, name)) {
      report(`${place(name)} is not known; known are ${Object.keys(fields).join(', ')}`)
    }
  }
  const has = new Map<string, unknown>(given)
  const clean = Object.entries(fields).flatMap(([name, field]) => {
    if (!has.has(name)) {
      if (field.required === true) report(`${place(name)} is missing: ${missing(field)}`)
      return []
    }
    return [[name, check(field.type, has.get(name), place(name), report)]]
  })
  return Object.fromEntries(clean)
}

function missing({ type }: Field): string {
  return `give ${describeType(type)}`
}

function isAllowed({ maxLength, allowed }: TextType, value: string): boolean {
  return value !== '' && value.length <= maxLength && allowed(value)
}

/** What a value of the type must be, in words; for messages and for the docs. */
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
