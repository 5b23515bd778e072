import {
  hourMs,
  untagged,
  type OpenCell,
  type SealInput,
  type SealPlan,
  type SealedContent,
} from './types.ts'
import { awsLimits } from './aws-limits.ts'
import { allocateWhole, fitAllocations, type WholePart } from './allocations.ts'
import { recordTimestamp } from './hour.ts'

export interface SealRules {
  readonly productCode: string
  /** How many of the application's units make one of AWS's. */
  readonly divisorOf: (dimension: string) => bigint
  /** Hours that are over get a record even when there is nothing to bill. */
  readonly zeroRecords: boolean
  /** The same for the same content, different for any other; 1 to 64 characters. */
  readonly clientTokenOf: (resource: string, content: Omit<SealedContent, 'clientToken'>) => string
  /** Told how many tag sets had to go to the untagged bucket. */
  readonly onFolded: (dimension: string, tagSets: number) => void
}

/**
 * What to make of an hour of a key: a record of whole units, rounded down; the rest stays in the
 * fraction for later hours; what is above AWS's largest quantity is carried to the next hour.
 */
export function planSeal(input: SealInput, rules: SealRules): SealPlan {
  const divisor = rules.divisorOf(input.dimension)
  const unit = divisor * 1_000_000n
  const total = input.cells.reduce((sum, { quantity }) => sum + quantity, input.fraction)
  const whole = total / unit
  const fraction = total % unit
  const isOver = input.hour + hourMs <= input.sealedAt
  if (whole === 0n && !(rules.zeroRecords && isOver))
    return { record: undefined, fraction, carried: [] }

  const { cells, folded } = fitAllocations(input.cells)
  if (folded > 0) rules.onFolded(input.dimension, folded)
  const { taken, rest } = capAt(BigInt(awsLimits.quantity), allocateWhole(whole, cells, unit))
  const content = {
    productCode: rules.productCode,
    dimension: input.dimension,
    hour: input.hour,
    timestamp: recordTimestamp(input.hour, input.sealedAt),
    quantity: Number(taken.reduce((sum, part) => sum + part.whole, 0n)),
    allocations: allocationsOf(taken),
  }
  const clientToken = rules.clientTokenOf(input.resource, content)
  return {
    record: { ...content, clientToken, divisor },
    fraction,
    carried: rest.map(({ tags, whole: units }): OpenCell => ({ tags, quantity: units * unit })),
  }
}

/** Takes parts in their order until `limit` units are full. */
function capAt(
  limit: bigint,
  parts: readonly WholePart[],
): { taken: WholePart[]; rest: WholePart[] } {
  const taken: WholePart[] = []
  const rest: WholePart[] = []
  let room = limit
  for (const { tags, whole } of parts) {
    const share = whole < room ? whole : room
    room -= share
    if (share > 0n) taken.push({ tags, whole: share })
    if (whole > share) rest.push({ tags, whole: whole - share })
  }
  return { taken, rest }
}

function allocationsOf(parts: readonly WholePart[]): SealedContent['allocations'] {
  if (parts.every(({ tags }) => tags === untagged)) return undefined
  return parts.map(({ tags, whole }) => ({ tags, quantity: Number(whole) }))
}
