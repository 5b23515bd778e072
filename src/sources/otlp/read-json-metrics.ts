import { isObject, type Members } from '../../kernel/is-object.ts'
import {
  PartLimit,
  refuse,
  scopeText,
  temporalityOf,
  type Attributes,
  type MetricKind,
  type OtlpMetric,
  type OtlpPoint,
} from './metric.ts'

const kinds: Readonly<Record<string, MetricKind>> = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponential histogram',
  summary: 'summary',
}

/**
 * Reads the JSON form of an ExportMetricsServiceRequest in slices, of which parsing the text is one; metrics of
 * other names are left out.
 */
export function* readJsonMetrics(
  body: Buffer,
  wanted: (name: string) => boolean,
): Generator<void, OtlpMetric[]> {
  const metrics: OtlpMetric[] = []
  const limit = new PartLimit()
  countParts(body, limit)
  for (const inResource of listIn(parse(body), 'resourceMetrics')) {
    const resource = attributesOf(membersIn(inResource, 'resource'))
    for (const inScope of listIn(inResource, 'scopeMetrics')) {
      const scope = scopeOf(membersIn(inScope, 'scope'))
      for (const metric of listIn(inScope, 'metrics')) {
        const name = textIn(metric, 'name')
        if (wanted(name)) metrics.push({ resource, scope, name, ...(yield* dataOf(metric, limit)) })
      }
    }
  }
  return metrics
}

/** Before it is parsed: each object and each list of a text of 4 MiB may be two characters long. */
function countParts(body: Buffer, limit: PartLimit): void {
  for (let at = 0; at < body.length; at += 1)
    if (body[at] === 0x7b || body[at] === 0x5b) limit.part()
}

function parse(body: Buffer): Members {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return refuse('it is not UTF-8')
  }
  try {
    return asMembers(JSON.parse(text), 'the body')
  } catch (error) {
    return error instanceof SyntaxError
      ? refuse(`it is not JSON: ${error.message}`)
      : rethrow(error)
  }
}

function rethrow(error: unknown): never {
  throw error
}

function scopeOf(scope: Members): string {
  return scopeText(textIn(scope, 'name'), textIn(scope, 'version'))
}

function* dataOf(
  metric: Members,
  limit: PartLimit,
): Generator<void, Omit<OtlpMetric, 'resource' | 'scope' | 'name'>> {
  const [member] = Object.keys(kinds).filter((name) => has(metric, name))
  const kind = member === undefined ? undefined : kinds[member]
  if (member === undefined || kind === undefined)
    return {
      kind: 'metric without data',
      temporality: 'unspecified',
      isMonotonic: false,
      points: [],
      pointCount: 0,
    }
  const data = membersIn(metric, member)
  const shown = listIn(data, 'dataPoints')
  const points: OtlpPoint[] = []
  if (kind === 'gauge' || kind === 'sum')
    for (const point of shown) {
      if (limit.point()) yield
      points.push(pointOf(point))
    }
  return {
    kind,
    temporality: temporalityOf(data['aggregationTemporality']),
    isMonotonic: data['isMonotonic'] === true,
    points,
    pointCount: shown.length,
  }
}

function pointOf(point: Members): OtlpPoint {
  return {
    attributes: attributesOf(point),
    start: nanosecondsIn(point, 'startTimeUnixNano'),
    time: nanosecondsIn(point, 'timeUnixNano'),
    value: valueOf(point),
    isEmpty: isEmpty(point['flags'] ?? 0),
  }
}

function isEmpty(flags: unknown): boolean {
  const text = integerText(flags, 'flags')
  return text.startsWith('-') ? refuse('"flags" is less than 0') : BigInt(text) % 2n === 1n
}

function valueOf(point: Members): string | undefined {
  if (has(point, 'asInt')) return integerText(point['asInt'], 'asInt')
  if (!has(point, 'asDouble')) return undefined
  const value = point['asDouble']
  if (typeof value === 'number') return String(value)
  if (
    typeof value === 'string' &&
    /^(?:NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(value)
  )
    return value
  return refuse('"asDouble" is not a number')
}

function nanosecondsIn(point: Members, name: string): bigint {
  const value = point[name] ?? 0
  // A number has lost its last digits, always the same ones.
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value)
  return refuse(`${JSON.stringify(name)} is not a time in nanoseconds`)
}

function integerText(value: unknown, name: string): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return value
  return refuse(`${JSON.stringify(name)} is not a whole number; above 2^53 it must be a string`)
}

function attributesOf(owner: Members): Attributes {
  return new Map(
    listIn(owner, 'attributes').map((attribute) => [
      textIn(attribute, 'key'),
      attributeText(membersIn(attribute, 'value')),
    ]),
  )
}

function attributeText(value: Members): string {
  if (has(value, 'stringValue')) return `s${textIn(value, 'stringValue')}`
  if (has(value, 'boolValue')) return `b${value['boolValue'] === true}`
  if (has(value, 'intValue')) return `i${integerText(value['intValue'], 'intValue')}`
  if (has(value, 'doubleValue')) return `d${String(value['doubleValue'])}`
  return Object.keys(value).length === 0 ? 'x' : `x${nestedText(value)}`
}

function nestedText(value: Members): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    return error instanceof RangeError
      ? refuse('an attribute is nested too deeply')
      : rethrow(error)
  }
}

function has(members: Members, name: string): boolean {
  return Object.hasOwn(members, name) && members[name] !== null
}

function textIn(members: Members, name: string): string {
  const value = has(members, name) ? members[name] : ''
  return typeof value === 'string' ? value : refuse(`${JSON.stringify(name)} is not a string`)
}

function listIn(members: Members, name: string): Members[] {
  const value = has(members, name) ? members[name] : []
  if (!Array.isArray(value)) return refuse(`${JSON.stringify(name)} is not a list`)
  return value.map((each: unknown) => asMembers(each, `"${name}"`))
}

function membersIn(members: Members, name: string): Members {
  return has(members, name) ? asMembers(members[name], `"${name}"`) : {}
}

function asMembers(value: unknown, name: string): Members {
  return isObject(value) ? value : refuse(`${name} is not an object`)
}
