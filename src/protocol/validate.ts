import { isObject } from '../kernel/is-object.ts'
import { succeed } from '../kernel/result.ts'
import { serviceError, type ServiceResult, type ServiceErrorName } from './service-errors.ts'
import type { Member, Members } from './member-types.ts'
import { type InputOf, operations, type OperationName } from './operations.ts'

interface Violation {
  readonly name: ServiceErrorName
  readonly text: string
}

/** A value whose JSON type is not the member's. AWS stops at the first one and reports no limits. */
class WrongType extends Error {}

const longestShownValue = 200

/**
 * Checks an input against the members of `operation` as AWS does. A wrong type is a
 * SerializationException. Broken limits are one ValidationException that lists them all or, where only
 * tags or allocations are wrong, the error that the model has for them. Members that AWS does not know
 * are left out of the result, and so are nulls.
 */
export function validateInput<O extends OperationName>(
  operation: O,
  input: unknown,
): ServiceResult<InputOf<O>> {
  const violations: Violation[] = []
  let clean: unknown
  try {
    clean = checkStructure(operations[operation].input, input, '', violations)
  } catch (error) {
    if (error instanceof WrongType) return serviceError('SerializationException', error.message)
    throw error
  }
  const first = violations[0]
  if (first === undefined) return succeed(clean as InputOf<O>)
  const name = violations.some((violation) => violation.name === 'ValidationException')
    ? 'ValidationException'
    : first.name
  const texts = violations.filter((violation) => violation.name === name).map(({ text }) => text)
  const count =
    texts.length === 1
      ? '1 validation error detected'
      : `${texts.length} validation errors detected`
  return serviceError(name, `${count}: ${texts.join('; ')}`)
}

function checkStructure(
  members: Members,
  value: unknown,
  path: string,
  violations: Violation[],
): Record<string, unknown> {
  if (!isObject(value)) {
    throw new WrongType(`${path === '' ? 'The request' : `'${path}'`} must be a JSON object`)
  }
  const given = new Map<string, unknown>(Object.entries(value))
  const clean: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(members)) {
    const memberPath = (path === '' ? '' : `${path}.`) + lowerFirst(name)
    const memberValue = given.get(name) ?? undefined
    if (memberValue !== undefined) {
      clean[name] = checkMember(member, memberValue, memberPath, violations)
    } else if (member.required === true) {
      violations.push({
        name: 'ValidationException',
        text: describe('null', memberPath, 'not be null'),
      })
    }
  }
  return clean
}

function checkMember(
  member: Member,
  value: unknown,
  path: string,
  violations: Violation[],
): unknown {
  const broken = (constraint: string) =>
    violations.push({
      name: member.limitError ?? 'ValidationException',
      text: describe(show(value), path, constraint),
    })
  switch (member.type) {
    case 'string': {
      if (typeof value !== 'string') throw wrongType(value, path, 'a String')
      checkRange(value.length, member.minLength, member.maxLength, 'length', broken)
      if (member.pattern !== undefined && !compiled(member.pattern).test(value)) {
        broken(`satisfy regular expression pattern: ${member.pattern}`)
      }
      return value
    }
    case 'integer': {
      if (typeof value !== 'number' || !Number.isInteger(value)) {
        throw wrongType(value, path, 'an Integer')
      }
      checkRange(value, member.min, member.max, 'value', broken)
      return value
    }
    case 'timestamp':
      if (typeof value !== 'number') throw wrongType(value, path, 'a Timestamp in epoch seconds')
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(value, path, 'a Boolean')
      return value
    case 'list': {
      if (!Array.isArray(value)) throw wrongType(value, path, 'a List')
      checkRange(value.length, member.minItems, member.maxItems, 'length', broken)
      return value.map((item, index) =>
        checkMember(member.item, item, `${path}.${index + 1}.member`, violations),
      )
    }
    case 'structure':
      return checkStructure(member.members, value, path, violations)
  }
}

function checkRange(
  size: number,
  min: number | undefined,
  max: number | undefined,
  noun: 'length' | 'value',
  broken: (constraint: string) => void,
): void {
  if (min !== undefined && size < min) broken(`have ${noun} greater than or equal to ${min}`)
  if (max !== undefined && size > max) broken(`have ${noun} less than or equal to ${max}`)
}

const patterns = new Map<string, RegExp>()

function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  const expression = new RegExp(pattern)
  patterns.set(pattern, expression)
  return expression
}

function describe(shown: string, path: string, constraint: string): string {
  return `Value ${shown} at '${path}' failed to satisfy constraint: Member must ${constraint}`
}

function show(value: unknown): string {
  // Never the items of a list: a hundred thousand nested ones would overflow the stack.
  if (Array.isArray(value)) return `a list of ${value.length}`
  const text = String(value)
  return `'${text.length > longestShownValue ? `${text.slice(0, longestShownValue)}...` : text}'`
}

function wrongType(value: unknown, path: string, expected: string): WrongType {
  const actual = Array.isArray(value) ? 'a List' : value === null ? 'null' : `a ${typeof value}`
  return new WrongType(`'${path}' is ${actual} and cannot be converted to ${expected}`)
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
