import { isObject } from '../../kernel/is-object.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import { isServiceErrorName, type ServiceErrorName } from '../../protocol/service-errors.ts'
import { isOperationName, operationNames, type OperationName } from '../../protocol/operations.ts'
import { dryRunForms, type EmulatorSettings } from '../emulator-settings.ts'
import { listingRoutes, type EmulatedProduct } from '../marketplace.ts'
import {
  atLeastOne,
  boolean,
  count,
  instant,
  number,
  oneOf,
  orNull,
  positive,
  readFields,
  text,
  texts,
  type FieldsOf,
  type ReadField,
} from './control-fields.ts'
import type { Fault, FaultEffect } from './faults.ts'
import { eventTypes, type EventRequest } from './licence-events.ts'

/** A request to the control API as its route uses it, or a sentence about what is wrong with it. */
export type ControlInput<T> = Result<T, string>

const clockFields = { now: instant, advanceMs: number, rate: positive }

type ClockChange = FieldsOf<typeof clockFields>

/** Parses `{"now": ISO, "advanceMs": number, "rate": number}`, which must have at least one of the three. */
export function parseClockChange(body: string): ControlInput<ClockChange> {
  const fields = parseBody(body, clockFields)
  return fields.ok && Object.keys(fields.value).length === 0
    ? fail('give one of now, advanceMs and rate')
    : fields
}

const operation: ReadField<OperationName | '*'> = (name, value) => {
  const result = text(name, value)
  if (!result.ok) return result
  return result.value === '*' || isOperationName(result.value)
    ? succeed(result.value)
    : fail(`${name} must be * or one of ${operationNames.join(', ')}`)
}

const errorName: ReadField<ServiceErrorName> = (name, value) => {
  const result = text(name, value)
  if (!result.ok) return result
  return isServiceErrorName(result.value)
    ? succeed(result.value)
    : fail(`no error is named ${result.value}`)
}

const faultFields = {
  operation,
  times: atLeastOne,
  error: errorName,
  message: text,
  delayMs: count,
  drop: oneOf(['before', 'after']),
}

/** Parses `{"operation", "times", and one of "error" (with "message"), "delayMs" and "drop"}`. */
export function parseFault(body: string): ControlInput<Fault> {
  const given = parseObject(body)
  return given.ok ? faultOf(given.value) : given
}

/** Builds a fault from its fields. */
export function faultOf(given: object): ControlInput<Fault> {
  const fields = readFields(given, faultFields)
  if (!fields.ok) return fields
  const effect = effectOf(fields.value)
  if (!effect.ok) return effect
  return succeed({
    operation: fields.value.operation ?? '*',
    times: fields.value.times ?? 1,
    effect: effect.value,
  })
}

function effectOf(fields: FieldsOf<typeof faultFields>): ControlInput<FaultEffect> {
  const { error, message = `${error}, as the test asked for.`, delayMs, drop } = fields
  const effects: readonly FaultEffect[] = [
    ...(error === undefined ? [] : [{ kind: 'error', name: error, message } as const]),
    ...(delayMs === undefined ? [] : [{ kind: 'delay', delayMs } as const]),
    ...(drop === undefined ? [] : [{ kind: 'drop', moment: drop } as const]),
  ]
  const [effect, another] = effects
  if (effect === undefined || another !== undefined) {
    return fail('give exactly one of error, delayMs and drop')
  }
  return fields.message !== undefined && effect.kind !== 'error'
    ? fail('message goes with error only')
    : succeed(effect)
}

const pattern: ReadField<string> = (name, value) =>
  typeof value === 'string' && /^[u-]*$/.test(value)
    ? succeed(value)
    : fail(`${name} must consist of u, for a record that comes back unprocessed, and -`)

const httpUrl: ReadField<string> = (name, value) => {
  const result = text(name, value)
  if (!result.ok) return result
  return /^https?:$/.test(URL.parse(result.value)?.protocol ?? '')
    ? result
    : fail(`${name} must be a URL that begins with http:// or https://`)
}

const productFields = {
  productCode: text,
  dimensions: texts,
  route: oneOf(listingRoutes),
}

/** A product that a control request adds. */
interface NewProduct {
  readonly productCode: string
  readonly dimensions: readonly string[]
  readonly route: EmulatedProduct['route']
}

/** Parses `{"productCode", "dimensions", "route"}`; without a route the product has both ways. */
export function parseProduct(body: string): ControlInput<NewProduct> {
  const fields = parseBody(body, productFields)
  if (!fields.ok) return fields
  const { productCode, dimensions = [], route = 'both' } = fields.value
  return productCode === undefined
    ? fail('give productCode')
    : succeed({ productCode, dimensions, route })
}

const eventFields = { type: oneOf(eventTypes), licenseArn: text, times: atLeastOne }

/** Parses `{"type", "licenseArn", "times"}`: an event of a licence, and how often it is delivered. */
export function parseEventRequest(body: string): ControlInput<EventRequest> {
  const fields = parseBody(body, eventFields)
  if (!fields.ok) return fields
  const { type, licenseArn, times = 1 } = fields.value
  if (type === undefined || licenseArn === undefined) return fail('give type and licenseArn')
  return times > 10 ? fail('times must be at most 10') : succeed({ type, licenseArn, times })
}

/** Parses any of the settings; `null` resets those that are null at first. */
export function parseSettings(body: string): ControlInput<Partial<EmulatorSettings>> {
  return parseBody(body, {
    entitled: boolean,
    platformSupported: boolean,
    dryRunForm: oneOf(dryRunForms),
    publicKeyRotationAt: orNull(instant),
    region: orNull(text),
    unprocessed: orNull(pattern),
    eventsUrl: orNull(httpUrl),
    eventsToken: orNull(text),
    registerUsagePerSecond: count,
    meterUsagePerSecond: count,
    batchMeterUsagePerSecond: count,
  })
}

function parseBody<const R extends Readonly<Record<string, ReadField<unknown>>>>(
  body: string,
  readers: R,
): ControlInput<FieldsOf<R>> {
  const given = parseObject(body)
  return given.ok ? readFields(given.value, readers) : given
}

function parseObject(body: string): ControlInput<object> {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return fail('the body must be JSON')
  }
  return isObject(parsed) ? succeed(parsed) : fail('the body must be a JSON object')
}
