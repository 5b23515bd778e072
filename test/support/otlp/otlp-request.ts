/** A point of a test: seconds since 1970, and a number. */
export interface TestPoint {
  readonly value: number | bigint
  readonly at: number
  readonly start?: number
  readonly attributes?: Readonly<Record<string, string>>
  readonly flags?: number
}

export interface TestMetric {
  readonly name: string
  readonly kind?: 'gauge' | 'sum' | 'histogram'
  readonly temporality?: 0 | 1 | 2
  readonly isMonotonic?: boolean
  readonly points: readonly TestPoint[]
}

export interface TestProcess {
  readonly resource?: Readonly<Record<string, string>>
  readonly metrics: readonly TestMetric[]
}

const nanoseconds = (ms: number) => String(BigInt(Math.round(ms)) * 1_000_000n)
const attributesOf = (attributes: Readonly<Record<string, string>> = {}) =>
  Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }))

/** The JSON form of a request of OTLP. Instants are ms. */
export function otlpJson(processes: readonly TestProcess[]) {
  return {
    resourceMetrics: processes.map(({ resource, metrics }) => ({
      resource: { attributes: attributesOf(resource) },
      scopeMetrics: [
        {
          scope: { name: 'test', version: '1' },
          metrics: metrics.map(
            ({ name, kind = 'sum', temporality = 2, isMonotonic = true, points }) => ({
              name,
              unit: '1',
              [kind]: {
                dataPoints: points.map(({ value, at, start = 0, attributes, flags = 0 }) => ({
                  attributes: attributesOf(attributes),
                  startTimeUnixNano: nanoseconds(start),
                  timeUnixNano: nanoseconds(at),
                  ...(kind === 'histogram'
                    ? { count: '1', sum: 1 }
                    : typeof value === 'bigint'
                      ? { asInt: String(value) }
                      : { asDouble: Number.isFinite(value) ? value : String(value) }),
                  flags,
                })),
                ...(kind === 'sum' && { aggregationTemporality: temporality, isMonotonic }),
                ...(kind === 'histogram' && { aggregationTemporality: temporality }),
              },
            }),
          ),
        },
      ],
    })),
  }
}

/** The same in Protocol Buffers. */
export function otlpProtobuf(processes: readonly TestProcess[]): Buffer {
  return message(
    ...processes.map(({ resource, metrics }) =>
      bytes(
        1,
        message(
          bytes(1, attributeFields(1, resource)),
          bytes(
            2,
            message(
              bytes(1, message(text(1, 'test'), text(2, '1'))),
              ...metrics.map((metric) => bytes(2, metricMessage(metric))),
            ),
          ),
        ),
      ),
    ),
  )
}

function metricMessage(metric: TestMetric): Buffer {
  const { name, kind = 'sum', temporality = 2, isMonotonic = true, points } = metric
  const field = { gauge: 5, sum: 7, histogram: 9 }[kind]
  return message(
    text(1, name),
    text(3, '1'),
    bytes(
      field,
      message(
        ...points.map((point) => bytes(1, pointMessage(point, kind))),
        ...(kind === 'gauge' ? [] : [varint(2, temporality)]),
        ...(kind === 'sum' ? [varint(3, isMonotonic ? 1 : 0)] : []),
      ),
    ),
  )
}

function pointMessage(
  { value, at, start = 0, attributes, flags = 0 }: TestPoint,
  kind: string,
): Buffer {
  const number = Buffer.alloc(9)
  if (kind === 'histogram') number[0] = (4 << 3) | 1
  else if (typeof value === 'bigint') {
    number[0] = (6 << 3) | 1
    number.writeBigInt64LE(value, 1)
  } else {
    number[0] = (4 << 3) | 1
    number.writeDoubleLE(value, 1)
  }
  const isHistogram = kind === 'histogram'
  return message(
    attributeFields(isHistogram ? 9 : 7, attributes),
    fixed64(2, BigInt(nanoseconds(start))),
    fixed64(3, BigInt(nanoseconds(at))),
    number,
    ...(flags === 0 ? [] : [varint(isHistogram ? 10 : 8, flags)]),
  )
}

function attributeFields(field: number, attributes: Readonly<Record<string, string>> = {}): Buffer {
  return message(
    ...Object.entries(attributes).map(([key, value]) =>
      bytes(field, message(text(1, key), bytes(2, text(1, value)))),
    ),
  )
}

const message = (...fields: readonly Buffer[]) => Buffer.concat(fields)
const text = (field: number, value: string) => bytes(field, Buffer.from(value))

function fixed64(field: number, value: bigint): Buffer {
  const written = Buffer.alloc(9)
  written[0] = (field << 3) | 1
  written.writeBigUInt64LE(value, 1)
  return written
}

export function varint(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...digits(value)])
}

export function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...digits(value.length)]), value])
}

function digits(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...digits(Math.floor(value / 128))]
}
