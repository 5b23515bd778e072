import { fromIso } from '../../kernel/clock.ts'
import { isServiceErrorName } from '../../protocol/errors.ts'
import { isOperationName, operationNames } from '../../protocol/operations.ts'
import type { Fault, FaultEffect } from './faults.ts'
import { dryRunForms, type EmulatorSettings } from '../emulator-settings.ts'

/** A request to the control API that makes no sense; its message is the answer. */
export class ControlInputError extends Error {}

type Fields = ReadonlyMap<string, unknown>

export interface ClockChange {
  readonly now: number | undefined
  readonly advanceMs: number | undefined
  readonly rate: number | undefined
}

/** `{"now": ISO, "advanceMs": number, "rate": number}`, each optional but one. */
export function parseClockChange(body: string): ClockChange {
  const fields = parseFields(body, ['now', 'advanceMs', 'rate'])
  if (fields.size === 0) throw new ControlInputError('give one of now, advanceMs and rate')
  const rate = optional(fields, 'rate', number)
  if (rate !== undefined && rate <= 0) throw new ControlInputError('rate must be more than 0')
  return {
    now: optional(fields, 'now', instant),
    advanceMs: optional(fields, 'advanceMs', number),
    rate,
  }
}

/** `{"operation", "times", and one of "error" (with "message"), "delayMs" and "drop"}`. */
export function parseFault(body: string): Fault {
  return faultOf(parseFields(body, ['operation', 'times', 'error', 'message', 'delayMs', 'drop']))
}

/** A fault from its fields, or a `ControlInputError` that says which one is wrong. */
export function faultOf(fields: Fields): Fault {
  const operation = optional(fields, 'operation', text) ?? '*'
  if (operation !== '*' && !isOperationName(operation)) {
    throw new ControlInputError(`operation must be * or one of ${operationNames.join(', ')}`)
  }
  const times = optional(fields, 'times', count) ?? 1
  if (times < 1) throw new ControlInputError('times must be at least 1')
  return { operation, times, effect: parseEffect(fields) }
}

function parseEffect(fields: Fields): FaultEffect {
  const kinds = ['error', 'delayMs', 'drop'].filter((name) => fields.has(name))
  if (kinds.length !== 1) {
    throw new ControlInputError('give exactly one of error, delayMs and drop')
  }
  const message = optional(fields, 'message', text)
  const error = optional(fields, 'error', text)
  if (error !== undefined) {
    if (!isServiceErrorName(error)) throw new ControlInputError(`no error is named ${error}`)
    return { kind: 'error', name: error, message: message ?? `${error}, as the test asked for.` }
  }
  if (message !== undefined) throw new ControlInputError('message goes with error only')
  const delayMs = optional(fields, 'delayMs', count)
  if (delayMs !== undefined) return { kind: 'delay', delayMs }
  return { kind: 'drop', moment: oneOf('drop', fields.get('drop'), ['before', 'after']) }
}

/** Any of the settings; `null` takes publicKeyRotationAt or region back. */
export function parseSettings(body: string): Partial<EmulatorSettings> {
  const fields = parseFields(body, [
    'entitled',
    'platformSupported',
    'dryRunForm',
    'publicKeyRotationAt',
    'region',
    'unprocessedRecords',
  ])
  const changes: Partial<EmulatorSettings> = {}
  for (const [name, value] of fields) {
    switch (name) {
      case 'entitled':
      case 'platformSupported':
        changes[name] = boolean(name, value)
        break
      case 'dryRunForm':
        changes.dryRunForm = oneOf(name, value, dryRunForms)
        break
      case 'publicKeyRotationAt':
        changes.publicKeyRotationAt = value === null ? undefined : instant(name, value)
        break
      case 'region':
        changes.region = value === null ? undefined : text(name, value)
        break
      case 'unprocessedRecords':
        changes.unprocessedRecords = count(name, value)
        break
    }
  }
  return changes
}

function parseFields(body: string, known: readonly string[]): Fields {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    throw new ControlInputError('the body must be JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ControlInputError('the body must be a JSON object')
  }
  const fields = new Map<string, unknown>(Object.entries(parsed))
  const stranger = [...fields.keys()].find((name) => !known.includes(name))
  if (stranger !== undefined) {
    throw new ControlInputError(`${stranger} is not known here; known are ${known.join(', ')}`)
  }
  return fields
}

function optional<T>(
  fields: Fields,
  name: string,
  parse: (name: string, value: unknown) => T,
): T | undefined {
  return fields.has(name) ? parse(name, fields.get(name)) : undefined
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new ControlInputError(`${name} must be a text that is not empty`)
}

function number(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new ControlInputError(`${name} must be a number`)
}

function count(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new ControlInputError(`${name} must be a whole number, 0 or more`)
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new ControlInputError(`${name} must be true or false`)
}

function instant(name: string, value: unknown): number {
  const parsed = typeof value === 'string' ? fromIso(value) : undefined
  if (parsed !== undefined) return parsed
  throw new ControlInputError(`${name} must be a time such as 2026-03-10T09:15:00Z`)
}

function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw new ControlInputError(`${name} must be one of ${allowed.join(', ')}`)
}
