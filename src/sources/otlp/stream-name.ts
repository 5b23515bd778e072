import { hash } from 'node:crypto'
import type { Attributes, OtlpMetric, OtlpPoint } from './metric.ts'

/**
 * Returns the name of the counter or gauge that a point belongs to: the same for each point of it, and
 * another for every other one. Resource, scope and attributes tell them apart.
 */
export function streamName({ resource, scope, name }: OtlpMetric): (point: OtlpPoint) => string {
  const common = JSON.stringify([sorted(resource), scope, name])
  return ({ attributes }) => `${name} ${digestOf(common + JSON.stringify(sorted(attributes)))}`
}

function sorted(attributes: Attributes): readonly (readonly [string, string])[] {
  return attributes.size < 2
    ? [...attributes]
    : [...attributes].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** 132 bits, in 22 characters. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}
