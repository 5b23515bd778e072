import { fitAllocations, allocateWhole, type WholePart } from './allocations.ts'
import { microPerWhole } from './amount.ts'
import { awsLimits } from './aws-limits.ts'
import { sumOf, type OpenCell } from './cell.ts'
import { hourMs, recordTimestamp } from './hour.ts'
import { mergeAllocations, type RecordPart, type SealedContent } from './record.ts'
import type { SealAccount, SealInput, SealPlan, SealRest } from './seal-plan.ts'
import { untagged, type TagSet } from './tags.ts'

export interface SealRules {
  /** Whether an hour that is over gets a record even when there is nothing to bill. */
  readonly zeroRecords: boolean
  /** The same for the same content, different for any other; 1 to 64 characters. */
  readonly clientTokenOf: (resource: string, content: Omit<SealedContent, 'clientToken'>) => string
  /** The tag set of what has none, in a record that has tagged usage too; left untagged without it. */
  readonly untaggedAs?: TagSet | undefined
  /** Receives the number of tag sets that had to go to the untagged bucket. */
  readonly onFolded: (dimension: string, tagSets: number) => void
}

/**
 * Decides how an hour of a slot is closed. Each account gives its whole units, rounded down, and the
 * record is their sum. The remainder of an account stays in its fraction for later hours; what exceeds
 * AWS's largest quantity is carried to the next hour.
 */
export function planSeal(input: SealInput, rules: SealRules): SealPlan {
  const { accounts, hour, sealedAt, productCode, dimension, resource } = input
  const totals = accounts.map(totalOf)
  const isOver = hour + hourMs <= sealedAt
  if (totals.every(({ whole }) => whole === 0n) && !(rules.zeroRecords && isOver))
    return {
      record: undefined,
      rests: totals.map(({ fraction }) => ({ fraction, carried: [] })),
    }

  const { cells, folded } = fitAccounts(accounts, rules.untaggedAs)
  if (folded > 0) rules.onFolded(dimension, folded)
  const { parts: taken, rests } = divide(accounts, totals, cells)
  const parts = nameUntagged(taken, rules.untaggedAs)
  const content = {
    productCode,
    dimension,
    hour,
    timestamp: recordTimestamp(hour, sealedAt),
    quantity: parts.reduce((sum, part) => sum + part.quantity, 0),
    allocations: mergeAllocations(parts),
  }
  return {
    record: { ...content, clientToken: rules.clientTokenOf(resource, content), parts },
    rests,
  }
}

interface Total {
  readonly unit: bigint
  readonly whole: bigint
  readonly fraction: bigint
}

function totalOf({ account, cells, fraction }: SealAccount): Total {
  const unit = microPerWhole(account.divisor)
  const total = cells.reduce((sum, { quantity }) => sum + quantity, fraction)
  return { unit, whole: total / unit, fraction: total % unit }
}

/**
 * The cells of each account, made to fit AWS's limits together. Where accounts differ in their divisor,
 * tag sets are compared by their size in AWS's units.
 */
function fitAccounts(
  accounts: readonly SealAccount[],
  untaggedAs: TagSet | undefined,
): {
  readonly cells: readonly (readonly OpenCell[])[]
  readonly folded: number
} {
  const product = accounts.reduce((all, { account }) => all * account.divisor, 1n)
  const weights = new Map<string, bigint>()
  for (const { account, cells } of accounts)
    for (const { tags, quantity } of cells)
      weights.set(tags, (weights.get(tags) ?? 0n) + quantity * (product / account.divisor))
  const all = [...weights].map(([tags, quantity]) => ({ tags, quantity }))
  const fitted = fitAllocations(all, untaggedAs)
  const kept = new Set(fitted.cells.map(({ tags }) => tags))
  return { cells: accounts.map(({ cells }) => foldCells(cells, kept)), folded: fitted.folded }
}

/** Moves what is not kept into the untagged cell. The result is in the order of the tag sets. */
function foldCells(cells: readonly OpenCell[], kept: ReadonlySet<string>): OpenCell[] {
  const tagged = cells.filter(({ tags }) => tags !== untagged && kept.has(tags))
  const bucket = sumOf(cells.filter(({ tags }) => tags === untagged || !kept.has(tags)))
  const ordered = tagged.toSorted((a, b) => (a.tags < b.tags ? -1 : 1))
  return bucket === 0n ? ordered : [{ tags: untagged, quantity: bucket }, ...ordered]
}

/** Gives each account its part until the record is full. */
function divide(
  accounts: readonly SealAccount[],
  totals: readonly Total[],
  cells: readonly (readonly OpenCell[])[],
): { parts: RecordPart[]; rests: SealRest[] } {
  const parts: RecordPart[] = []
  const rests: SealRest[] = []
  let room = BigInt(awsLimits.quantity)
  for (const [index, { account }] of accounts.entries()) {
    const { unit = 1n, whole = 0n, fraction = 0n } = totals[index] ?? {}
    const { taken, rest } = capAt(room, allocateWhole(whole, cells[index] ?? [], unit))
    const quantity = taken.reduce((sum, part) => sum + part.whole, 0n)
    room -= quantity
    if (quantity > 0n)
      parts.push({ account, quantity: Number(quantity), allocations: allocationsOf(taken) })
    rests.push({
      fraction,
      carried: rest.map(({ tags, whole: units }) => ({ tags, quantity: units * unit })),
    })
  }
  const [first] = accounts
  // A record of 0 also belongs to an account.
  if (parts.length === 0 && first !== undefined)
    parts.push({ account: first.account, quantity: 0, allocations: undefined })
  return { parts, rests }
}

/** Gives the untagged rest of a record with tags the tag set that the product file names for it. */
function nameUntagged(parts: readonly RecordPart[], untaggedAs: TagSet | undefined): RecordPart[] {
  if (untaggedAs === undefined || parts.every(({ allocations }) => allocations === undefined))
    return [...parts]
  return parts.map((part) => {
    const shares = part.allocations ?? [{ tags: untagged, quantity: part.quantity }]
    const sums = new Map<TagSet, number>()
    for (const { tags, quantity } of shares) {
      const name = tags === untagged ? untaggedAs : tags
      sums.set(name, (sums.get(name) ?? 0) + quantity)
    }
    const allocations = [...sums].map(([tags, quantity]) => ({ tags, quantity }))
    return { ...part, allocations: allocations.toSorted((a, b) => (a.tags < b.tags ? -1 : 1)) }
  })
}

/** Takes parts in their order until they have `limit` units. */
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
