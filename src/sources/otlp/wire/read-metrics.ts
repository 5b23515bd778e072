import {
  scopeText,
  temporalityOf,
  type Attributes,
  type MetricKind,
  type OtlpMetric,
  type OtlpPoint,
  type Temporality,
} from '../metric.ts'
import { fixed64Tag, lengthTag, varintTag, WireReader } from './wire-reader.ts'

/** Reads an ExportMetricsServiceRequest of OTLP in slices; metrics of other names are left out. */
export function* readMetrics(
  body: Buffer,
  wanted: (name: string) => boolean,
): Generator<void, OtlpMetric[]> {
  const metrics: OtlpMetric[] = []
  const request = new WireReader(body)
  while (request.next())
    if (request.tag === lengthTag(1)) yield* readResource(request.message(), wanted, metrics)
    else request.skip()
  return metrics
}

function* readResource(
  reader: WireReader,
  wanted: (name: string) => boolean,
  metrics: OtlpMetric[],
): Generator<void> {
  let resource: Attributes = new Map()
  const scopes: WireReader[] = []
  while (reader.next())
    if (reader.tag === lengthTag(1)) resource = readAttributes(reader.message(), 1)
    else if (reader.tag === lengthTag(2)) scopes.push(reader.message())
    else reader.skip()
  for (const scope of scopes) yield* readScope(scope, resource, wanted, metrics)
}

function* readScope(
  reader: WireReader,
  resource: Attributes,
  wanted: (name: string) => boolean,
  metrics: OtlpMetric[],
): Generator<void> {
  let scope = scopeText('', '')
  const found: WireReader[] = []
  while (reader.next())
    if (reader.tag === lengthTag(1)) scope = readScopeName(reader.message())
    else if (reader.tag === lengthTag(2)) found.push(reader.message())
    else reader.skip()
  for (const metric of found) {
    const name = readName(metric.again())
    if (wanted(name)) metrics.push({ resource, scope, name, ...(yield* readMetric(metric)) })
  }
}

function readScopeName(reader: WireReader): string {
  let [name, version] = ['', '']
  while (reader.next())
    if (reader.tag === lengthTag(1)) name = reader.text()
    else if (reader.tag === lengthTag(2)) version = reader.text()
    else reader.skip()
  return scopeText(name, version)
}

function readName(reader: WireReader): string {
  let name = ''
  while (reader.next())
    if (reader.tag === lengthTag(1)) name = reader.text()
    else reader.skip()
  return name
}

const kinds: Readonly<Record<number, MetricKind>> = {
  [lengthTag(5)]: 'gauge',
  [lengthTag(7)]: 'sum',
  [lengthTag(9)]: 'histogram',
  [lengthTag(10)]: 'exponential histogram',
  [lengthTag(11)]: 'summary',
}

type MetricData = Omit<OtlpMetric, 'resource' | 'scope' | 'name'>

function* readMetric(reader: WireReader): Generator<void, MetricData> {
  let data: MetricData = {
    kind: 'metric without data',
    temporality: 'unspecified',
    isMonotonic: false,
    points: [],
    pointCount: 0,
  }
  while (reader.next()) {
    const kind = kinds[reader.tag]
    if (kind === undefined) reader.skip()
    else data = yield* readData(reader.message(), kind)
  }
  return data
}

function* readData(reader: WireReader, kind: MetricKind): Generator<void, MetricData> {
  const isRead = kind === 'gauge' || kind === 'sum'
  const points: OtlpPoint[] = []
  let pointCount = 0
  let temporality: Temporality = 'unspecified'
  let isMonotonic = false
  while (reader.next())
    if (reader.tag === lengthTag(1)) {
      pointCount += 1
      if (isRead) {
        if (reader.limit.point()) yield
        points.push(readPoint(reader.message()))
      } else reader.skip()
    } else if (reader.tag === varintTag(2)) temporality = temporalityOf(reader.number())
    else if (kind === 'sum' && reader.tag === varintTag(3)) isMonotonic = reader.number() !== 0
    else reader.skip()
  return { kind, temporality, isMonotonic, points, pointCount }
}

function readPoint(reader: WireReader): OtlpPoint {
  const attributes = new Map<string, string>()
  let [start, time] = [0n, 0n]
  let value: string | undefined
  let flags = 0
  while (reader.next())
    switch (reader.tag) {
      case fixed64Tag(2):
        start = reader.fixed64()
        break
      case fixed64Tag(3):
        time = reader.fixed64()
        break
      case fixed64Tag(4):
        value = String(reader.double())
        break
      case fixed64Tag(6):
        value = String(reader.sfixed64())
        break
      case lengthTag(7):
        readAttribute(reader.message(), attributes)
        break
      case varintTag(8):
        flags = reader.number()
        break
      default:
        reader.skip()
    }
  return { attributes, start, time, value, isEmpty: flags % 2 === 1 }
}

function readAttributes(reader: WireReader, field: number): Attributes {
  const attributes = new Map<string, string>()
  while (reader.next())
    if (reader.tag === lengthTag(field)) readAttribute(reader.message(), attributes)
    else reader.skip()
  return attributes
}

function readAttribute(reader: WireReader, attributes: Map<string, string>): void {
  let key = ''
  let value = 'x'
  while (reader.next())
    if (reader.tag === lengthTag(1)) key = reader.text()
    else if (reader.tag === lengthTag(2)) value = readValue(reader.message())
    else reader.skip()
  attributes.set(key, value)
}

function readValue(reader: WireReader): string {
  let value = 'x'
  while (reader.next())
    switch (reader.tag) {
      case lengthTag(1):
        value = `s${reader.text()}`
        break
      case varintTag(2):
        value = `b${reader.number() !== 0}`
        break
      case varintTag(3):
        value = `i${reader.int64()}`
        break
      case fixed64Tag(4):
        value = `d${reader.double()}`
        break
      case lengthTag(5):
      case lengthTag(6):
      case lengthTag(7):
        // Only has to be the same each time: nothing looks into it.
        value = `x${reader.tag} ${reader.bytes().toString('base64')}`
        break
      default:
        reader.skip()
    }
  return value
}
