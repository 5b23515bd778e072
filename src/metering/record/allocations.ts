import { awsLimits } from '../aws-limits.ts'
import type { QuantityForm } from '../amount.ts'
import { sumOf, type OpenCell } from '../cell.ts'
import { tagsOf, untagged, type TagSet } from '../tags.ts'

/** What of a record goes to a tag set, in the smallest steps that the record can say. */
export interface Share {
  readonly tags: TagSet
  readonly steps: bigint
}

/**
 * Splits `total` steps over the cells in proportion to what they hold, by the largest remainder: every
 * cell gets its own steps, and those left over go to the cells with the largest remainders. What earlier hours
 * left over has no tags: whole steps of it are untagged. The shares add up to `total`. Ties go by the tag
 * set, so that the same cells always give the same shares.
 */
export function allocateSteps(total: bigint, cells: readonly OpenCell[], unit: bigint): Share[] {
  const parts = cells.map(({ tags, quantity }) => ({
    tags,
    steps: quantity / unit,
    rest: quantity % unit,
  }))
  const ofEarlierHours = (total * unit - sumOf(cells)) / unit
  const earlier = ofEarlierHours > 0n ? ofEarlierHours : 0n
  let left = total - earlier - parts.reduce((sum, part) => sum + part.steps, 0n)
  const byRest = parts.toSorted((a, b) => compare(b.rest, a.rest) || compare(a.tags, b.tags))
  for (const part of byRest) {
    if (left === 0n) break
    part.steps += 1n
    left -= 1n
  }
  const tagged = parts.filter(({ tags }) => tags !== untagged)
  const bucket = parts
    .filter(({ tags }) => tags === untagged)
    .reduce((sum, { steps }) => sum + steps, earlier + left)
  const shares = tagged.map(({ tags, steps }) => ({ tags, steps }))
  return bucket === 0n ? shares : [{ tags: untagged, steps: bucket }, ...shares]
}

/** What the other members of a request need at most, with room for what AWS's SDK adds. */
const otherMembersBytes = 8192

/**
 * Makes cells fit AWS's limits of 2500 allocations, 5 tag keys and 1 MiB a request: the largest stay as
 * they are, those that no longer fit go to the untagged bucket, which is sent as `untaggedAs`.
 * `folded` counts them.
 */
export function fitAllocations(
  cells: readonly OpenCell[],
  form: QuantityForm,
  untaggedAs: TagSet = untagged,
): {
  readonly cells: readonly OpenCell[]
  readonly folded: number
} {
  const bySize = cells
    .filter(({ tags }) => tags !== untagged)
    .toSorted((a, b) => compare(b.quantity, a.quantity) || compare(a.tags, b.tags))
  const kept: OpenCell[] = []
  const keys = new Set(tagsOf(untaggedAs).map(({ key }) => key))
  let bucket = cells.find(({ tags }) => tags === untagged)?.quantity ?? 0n
  let folded = 0
  let room = awsLimits.requestBytes - otherMembersBytes - allocationBytes(untaggedAs, form)
  for (const cell of bySize) {
    // One place is left for the untagged bucket. An allocation is longer than its tag set.
    const place = kept.length < awsLimits.allocations - 1 && cell.tags.length < room
    const taken = place ? takeRoom(cell.tags, form, { keys, room }) : undefined
    if (taken === undefined) {
      bucket += cell.quantity
      folded += 1
    } else {
      kept.push(cell)
      room -= taken
    }
  }
  const untaggedCells = bucket > 0n ? [{ tags: untagged, quantity: bucket }] : []
  const ordered = kept.toSorted((a, b) => compare(a.tags, b.tags))
  return { cells: [...untaggedCells, ...ordered], folded }
}

/** Returns the bytes that a tag set takes, and adds its keys to `keys`; undefined where it does not fit. */
function takeRoom(
  tags: TagSet,
  form: QuantityForm,
  { keys, room }: { readonly keys: Set<string>; readonly room: number },
): number | undefined {
  const added = tagsOf(tags)
  const bytes = allocationBytes(tags, form, added.length)
  const fresh = added.filter(({ key }) => !keys.has(key))
  if (keys.size + fresh.length > awsLimits.distinctTagKeys || bytes > room) return undefined
  for (const { key } of fresh) keys.add(key)
  return bytes
}

/** A tag is `["k","v"]` in a tag set and `{"Key":"k","Value":"v"}` on the wire, with the same quotes. */
const moreBytesOfTag = '{"Key":,"Value":}'.length - '[,]'.length

/** What else an allocation has on the wire, with the largest quantity and a comma. */
const otherBytes = {
  whole: `{"AllocatedUsageQuantity":${awsLimits.quantity},"Tags":},`.length,
  decimal: `{"AllocatedUsageQuantityAsDecimal":"${'0'.repeat(awsLimits.decimalLength)}","Tags":},`
    .length,
} as const satisfies Record<QuantityForm, number>

/** The size of an allocation in the JSON that is sent, at most. */
export function allocationBytes(
  tags: TagSet,
  form: QuantityForm,
  count = tagsOf(tags).length,
): number {
  return otherBytes[form] + Buffer.byteLength(tags) + moreBytesOfTag * count
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
