import type { RejectedPoints } from './pick-usage.ts'

export type Encoding = 'protobuf' | 'json'

interface EncodedAnswer {
  readonly contentType: string
  readonly body: Buffer
}

export const contentTypes: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** What the sender reads where points were not counted: how many, and the reasons. */
export function partialSuccess(
  rejected: readonly RejectedPoints[],
  encoding: Encoding,
): EncodedAnswer {
  const count = rejected.reduce((sum, { points }) => sum + points, 0)
  if (encoding === 'json') {
    const partial = { rejectedDataPoints: String(count), errorMessage: messageOf(rejected) }
    return answer(encoding, JSON.stringify(count === 0 ? {} : { partialSuccess: partial }))
  }
  if (count === 0) return answer(encoding, '')
  const partial = [varintField(1, count), textField(2, messageOf(rejected))]
  return answer(encoding, bytesField(1, Buffer.concat(partial)))
}

/** A failure of the whole request, as google.rpc.Status, which OTLP asks for. */
export function statusOf(status: number, message: string, encoding: Encoding): EncodedAnswer {
  const code = codes[status] ?? 3
  return answer(
    encoding,
    encoding === 'json'
      ? JSON.stringify({ code, message })
      : Buffer.concat([varintField(1, code), textField(2, message)]),
  )
}

/** The codes of gRPC for statuses of HTTP. */
const codes: Readonly<Record<number, number>> = {
  401: 16,
  403: 7,
  409: 9,
  413: 8,
  503: 14,
}

/** Reasons that are named; further ones are only counted. */
const namedReasons = 5

function messageOf(rejected: readonly RejectedPoints[]): string {
  const named = rejected
    .slice(0, namedReasons)
    .map(({ dimension, reason, points }) => `${dimension}: ${reason} (${points})`)
  const more = rejected.length - named.length
  return [...named, ...(more > 0 ? [`and ${more} further reasons`] : [])].join('; ')
}

function answer(encoding: Encoding, body: Buffer | string): EncodedAnswer {
  return { contentType: contentTypes[encoding], body: Buffer.from(body) }
}

function varintField(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...varint(value)])
}

function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text))
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return [...bytes, rest]
}
