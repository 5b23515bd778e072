import { allocateSteps, fitAllocations, type Share } from './allocations.ts'
import { microPerUnit, stepOf, type QuantityForm } from '../amount.ts'
import { awsLimits } from '../aws-limits.ts'
import { byTags, sumOf, type OpenCell } from '../cell.ts'
import { hourMs, recordTimestamp } from '../hour.ts'
import { mergeAllocations, type RecordPart, type SealedContent } from './record.ts'
import type { SealAccount, SealInput, SealPlan, SealRest } from './seal-plan.ts'
import { untagged, type TagSet } from '../tags.ts'

export interface SealRules {
  /** How AWS receives the quantities of a dimension. */
  readonly formOf: (dimension: string) => QuantityForm
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
 * Decides how an hour of a slot is closed. Each account gives what AWS accepts, rounded down to whole units or, as
 * decimals, to millionths, and the record is their sum. The remainder of an account stays in its fraction for later hours; what exceeds
 * AWS's largest quantity is carried to the next hour.
 */
export function planSeal(input: SealInput, rules: SealRules): SealPlan {
  const { accounts, hour, sealedAt, productCode, dimension, resource } = input
  const form = rules.formOf(dimension)
  const totals = accounts.map((account) => totalOf(account, form))
  const isOver = hour + hourMs <= sealedAt
  if (totals.every(({ steps }) => steps === 0n) && !(rules.zeroRecords && isOver))
    return {
      record: undefined,
      rests: totals.map(({ fraction }) => ({ fraction, carried: [] })),
    }

  const { cells, folded } = fitAccounts(accounts, form, rules.untaggedAs)
  if (folded > 0) rules.onFolded(dimension, folded)
  const { parts: taken, rests } = divide(accounts, form, { totals, cells })
  const parts = nameUntagged(taken, rules.untaggedAs)
  const content = {
    productCode,
    dimension,
    hour,
    timestamp: recordTimestamp(hour, sealedAt),
    quantity: sumOf(parts),
    form,
    allocations: mergeAllocations(parts),
  }
  return {
    record: { ...content, clientToken: rules.clientTokenOf(resource, content), parts },
    rests,
  }
}

interface Total {
  /** How many millionths of the application's unit make a step. */
  readonly unit: bigint
  /** How many steps of the form the account has. */
  readonly steps: bigint
  readonly fraction: bigint
}

function totalOf({ account, cells, fraction }: SealAccount, form: QuantityForm): Total {
  // A millionth of AWS's unit is so many of the application's as the divisor says.
  const unit = account.divisor * stepOf(form)
  const total = fraction + sumOf(cells)
  return { unit, steps: total / unit, fraction: total % unit }
}

/**
 * The cells of each account, made to fit AWS's limits together. Where accounts differ in their divisor,
 * tag sets are compared by their size in AWS's units.
 */
function fitAccounts(
  accounts: readonly SealAccount[],
  form: QuantityForm,
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
  const fitted = fitAllocations(all, form, untaggedAs)
  const kept = new Set(fitted.cells.map(({ tags }) => tags))
  return { cells: accounts.map(({ cells }) => foldCells(cells, kept)), folded: fitted.folded }
}

/** Moves what is not kept into the untagged cell. The result is in the order of the tag sets. */
function foldCells(cells: readonly OpenCell[], kept: ReadonlySet<string>): OpenCell[] {
  const tagged = cells.filter(({ tags }) => tags !== untagged && kept.has(tags))
  const bucket = sumOf(cells.filter(({ tags }) => tags === untagged || !kept.has(tags)))
  const ordered = tagged.toSorted(byTags)
  return bucket === 0n ? ordered : [{ tags: untagged, quantity: bucket }, ...ordered]
}

/** Gives each account its part until the record is full. */
function divide(
  accounts: readonly SealAccount[],
  form: QuantityForm,
  {
    totals,
    cells,
  }: {
    readonly totals: readonly Total[]
    readonly cells: readonly (readonly OpenCell[])[]
  },
): { parts: RecordPart[]; rests: SealRest[] } {
  const parts: RecordPart[] = []
  const rests: SealRest[] = []
  const step = stepOf(form)
  let room = (BigInt(awsLimits.quantity) * microPerUnit) / step
  for (const [index, { account }] of accounts.entries()) {
    const { unit = 1n, steps = 0n, fraction = 0n } = totals[index] ?? {}
    const { taken, rest } = capAt(room, allocateSteps(steps, cells[index] ?? [], unit))
    const all = taken.reduce((sum, share) => sum + share.steps, 0n)
    room -= all
    if (all > 0n)
      parts.push({ account, quantity: all * step, allocations: allocationsOf(taken, step) })
    rests.push({
      fraction,
      carried: rest.map((share) => ({ tags: share.tags, quantity: share.steps * unit })),
    })
  }
  const [first] = accounts
  // A record of 0 also belongs to an account.
  if (parts.length === 0 && first !== undefined)
    parts.push({ account: first.account, quantity: 0n, allocations: undefined })
  return { parts, rests }
}

/** Gives the untagged rest of a record with tags the tag set that the product file names for it. */
function nameUntagged(parts: readonly RecordPart[], untaggedAs: TagSet | undefined): RecordPart[] {
  if (untaggedAs === undefined || parts.every(({ allocations }) => allocations === undefined))
    return [...parts]
  return parts.map((part) => {
    const shares = part.allocations ?? [{ tags: untagged, quantity: part.quantity }]
    const sums = new Map<TagSet, bigint>()
    for (const { tags, quantity } of shares) {
      const name = tags === untagged ? untaggedAs : tags
      sums.set(name, (sums.get(name) ?? 0n) + quantity)
    }
    const allocations = [...sums].map(([tags, quantity]) => ({ tags, quantity }))
    return { ...part, allocations: allocations.toSorted(byTags) }
  })
}

/** Takes shares in their order until they have `limit` steps. */
function capAt(limit: bigint, shares: readonly Share[]): { taken: Share[]; rest: Share[] } {
  const taken: Share[] = []
  const rest: Share[] = []
  let room = limit
  for (const { tags, steps } of shares) {
    const fits = steps < room ? steps : room
    room -= fits
    if (fits > 0n) taken.push({ tags, steps: fits })
    if (steps > fits) rest.push({ tags, steps: steps - fits })
  }
  return { taken, rest }
}

function allocationsOf(shares: readonly Share[], step: bigint): SealedContent['allocations'] {
  if (shares.every(({ tags }) => tags === untagged)) return undefined
  return shares.map(({ tags, steps }) => ({ tags, quantity: steps * step }))
}
