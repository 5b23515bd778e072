import { parseQuantity } from '../../src/metering/quantity.ts'
import { toIso } from '../../src/kernel/clock.ts'
import type { Chance } from './chance.ts'

export const dimensions = ['requests', 'storage'] as const

/** A POST /v1/usage that can be repeated byte for byte. */
export interface RepeatableRequest {
  readonly body: string
  /** For the whole request. */
  readonly idempotencyKey: string | undefined
  /** How many reports a complete answer covers; undefined for a single one. */
  readonly batchSize: number | undefined
  /** Micro-units by dimension. */
  readonly quantities: ReadonlyMap<string, bigint>
  readonly reports: number
}

const quantities = [
  (chance: Chance) => chance.integer(0, 40),
  (chance: Chance) => chance.integer(0, 8000) / 1000,
  (chance: Chance) =>
    `${chance.integer(0, 9)}.${chance.integer(1, 999_999).toString().padStart(6, '0')}`,
]
const minuteMs = 60_000

/** Single or batch, keys in the body or in the header, tags or none, whole or not, now or earlier. */
export function randomRequest(chance: Chance, name: string, now: number): RepeatableRequest {
  const isBatch = chance.happens(0.3)
  const keyInHeader = chance.happens(0.4)
  const size = isBatch ? chance.integer(1, 20) : 1
  const reports = Array.from({ length: size }, (_, index) => ({
    dimension: chance.pick(dimensions),
    quantity: chance.pick(quantities)(chance),
    ...(chance.happens(0.5)
      ? { tags: { team: chance.pick(['red', 'green', 'blue']), tier: chance.pick(['a', 'b']) } }
      : {}),
    ...(chance.happens(0.1) ? { occurredAt: toIso(now - chance.integer(10, 70) * minuteMs) } : {}),
    ...(keyInHeader ? {} : { idempotencyKey: `${name}-${index}` }),
  }))
  const sums = new Map<string, bigint>()
  for (const { dimension, quantity } of reports)
    sums.set(dimension, (sums.get(dimension) ?? 0n) + microUnits(quantity))
  return {
    body: JSON.stringify(isBatch ? { reports } : reports[0]),
    idempotencyKey: keyInHeader ? name : undefined,
    batchSize: isBatch ? size : undefined,
    quantities: sums,
    reports: size,
  }
}

function microUnits(quantity: string | number): bigint {
  const parsed = parseQuantity(quantity)
  if (!parsed.ok) throw new TypeError(`${quantity} is not a quantity: ${parsed.failure.reason}`)
  return parsed.value
}
