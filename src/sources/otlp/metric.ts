import { SidecarError } from '../../kernel/errors.ts'

/**
 * A value of an attribute as a text that tells types apart: a letter for the type (s, b, i, d, or x for a list,
 * a map or bytes), then the value.
 */
type AttributeText = string
export type Attributes = ReadonlyMap<string, AttributeText>

export type MetricKind =
  'gauge' | 'sum' | 'histogram' | 'exponential histogram' | 'summary' | 'metric without data'

export type Temporality = 'delta' | 'cumulative' | 'unspecified'

export interface OtlpPoint {
  readonly attributes: Attributes
  /** Nanoseconds; 0 while the sender does not say. */
  readonly start: bigint
  readonly time: bigint
  /** A decimal number, NaN or Infinity; undefined where the point has none. */
  readonly value: string | undefined
  /** Whether it only says that there is no value any more. */
  readonly isEmpty: boolean
}

/** The points of one metric of one process, as either encoding brings them. */
export interface OtlpMetric {
  readonly resource: Attributes
  /** Name and version of what counts, in one text. */
  readonly scope: string
  readonly name: string
  readonly kind: MetricKind
  readonly temporality: Temporality
  readonly isMonotonic: boolean
  /** Of gauges and sums. */
  readonly points: readonly OtlpPoint[]
  /** Of any kind. */
  readonly pointCount: number
}

/** The value of an attribute as `match` and `tags` compare it; undefined for lists, maps and bytes. */
export function textOf(value: AttributeText | undefined): string | undefined {
  return value === undefined || value.startsWith('x') ? undefined : value.slice(1)
}

export function scopeText(name: string, version: string): string {
  return `${name}\n${version}`
}

/** The same numbers in both encodings. */
export function temporalityOf(value: unknown): Temporality {
  return value === 1 ? 'delta' : value === 2 ? 'cumulative' : 'unspecified'
}

/** Points of the wanted metrics that one request may have, so that the memory for them is bounded. */
const mostPoints = 50_000
/** The same for the parts that it consists of, such as metrics, points, attributes and their values. */
const mostParts = 500_000

/** Points of one slice, which takes a millisecond or two. */
export const pointsAtOnce = 250

/** Counts what a request consists of. Throws BodyTooLarge. */
export class PartLimit {
  #points = mostPoints
  #parts = mostParts

  part(): void {
    this.#parts -= 1
    if (this.#parts < 0) throw tooMany(mostParts, 'parts')
  }

  /** Returns whether a slice ends with this point. */
  point(): boolean {
    this.#points -= 1
    if (this.#points < 0) throw tooMany(mostPoints, 'points')
    return this.#points % pointsAtOnce === 0
  }
}

function tooMany(most: number, what: string): SidecarError {
  return new SidecarError(
    'BodyTooLarge',
    `The request has more than ${most} ${what}, and nothing of it was recorded. Send fewer points in one request.`,
  )
}

/** Thrown by the readers for a body that is not a request of OTLP. */
export class MalformedRequest extends Error {}

export function refuse(reason: string): never {
  throw new MalformedRequest(reason)
}
