import { SidecarError } from '../../kernel/errors.ts'
import { accountOf, type Account } from '../../metering/account.ts'
import type { OpenCell } from '../../metering/cell.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { possiblyTaken, usageOfPart, type MeteringRecord } from '../../metering/record/record.ts'
import type { TagSet } from '../../metering/tags.ts'
import { afterwards, findInState } from './operator-actions.ts'
import type { Page } from '../page/page.ts'

/**
 * Writes off a refused record: AWS does not have it, and its usage is never billed. Throws RecordNotFound,
 * RecordStateMismatch.
 */
export function writeOffRecord(
  page: Page,
  id: number,
  reason: string,
  now: number,
): MeteringRecord {
  const record = findInState(page, id, 'refused', 'written off')
  if (possiblyTaken(record))
    throw new SidecarError(
      'RecordStateMismatch',
      `AWS may have billed record ${id} at an earlier attempt, so it cannot be written off; nothing was changed. Send it again with "ledger retry": AWS then says whether it has the record.`,
    )
  const changed = page.update(record, {
    state: 'moved',
    lastCode: 'WrittenOff',
    lastMessage: `An operator wrote it off (${reason})${afterwards(record)}`,
    settledAt: now,
  })
  const { hour } = record
  for (const part of record.parts)
    for (const { tags, quantity } of usageOfPart(part))
      page.writeOff({
        account: accountOf(part.account),
        recordId: id,
        hour,
        tags,
        quantity,
        reason,
        at: now,
      })
  return changed
}

/** Usage that an operator writes off, and the reason that the trail keeps. */
export interface UsageToWriteOff {
  readonly dimension: string
  /** Micro-units. */
  readonly quantity: bigint
  /** Only usage of this tag set; undefined for any. */
  readonly tags: TagSet | undefined
  /** Only usage of this customer; empty for that of no customer. */
  readonly customer: string
  readonly reason: string
}

interface Place {
  readonly account: Account
  readonly hour: number
  /** Takes all out of the place. */
  readonly take: () => readonly OpenCell[]
  /** Puts back what is not written off. */
  readonly putBack: (cells: readonly OpenCell[]) => void
}

/**
 * Writes off held usage and, when that is not enough, open usage of a dimension, oldest hour first. Throws
 * UsageNotFound when there is less than that.
 */
export function writeOffUsage(page: Page, wanted: UsageToWriteOff, now: number): void {
  const { dimension, tags, customer, reason } = wanted
  let left = wanted.quantity
  const places = [...heldPlaces(page), ...openPlaces(page)]
  for (const { account, hour, take, putBack } of places) {
    if (left === 0n) return
    if (account.key.dimension !== dimension || account.key.customer !== customer) continue
    const rest: OpenCell[] = []
    for (const cell of take()) {
      const matches = tags === undefined || tags === cell.tags
      const quantity = !matches ? 0n : cell.quantity < left ? cell.quantity : left
      left -= quantity
      const none = { account, recordId: undefined, hour, tags: cell.tags }
      if (quantity > 0n) page.writeOff({ ...none, quantity, reason, at: now })
      if (cell.quantity > quantity) rest.push({ ...cell, quantity: cell.quantity - quantity })
    }
    putBack(rest)
  }
  if (left > 0n)
    throw new SidecarError(
      'UsageNotFound',
      `Only ${formatQuantity(wanted.quantity - left)} ${dimension}${customer === '' ? '' : ' of this customer'} are held or open${tags === undefined ? '' : ' with these tags'}; nothing was changed. "ledger show --tags" lists them.`,
    )
}

function heldPlaces(page: Page): Place[] {
  return page.heldHours().map((held) => ({
    account: held.account,
    hour: held.hour,
    take: () => page.release(held),
    putBack: (cells) => page.hold(held, cells, held.since),
  }))
}

function openPlaces(page: Page): Place[] {
  const hours = page.openHours(Number.POSITIVE_INFINITY).toSorted((a, b) => a.hour - b.hour)
  return hours.map((open) => {
    const { account, hour } = open
    const unguarded = page.unguarded(open)
    return {
      account,
      hour,
      take: () => page.empty(open),
      putBack: (cells) => page.addAgain(account, hour, cells, unguarded),
    }
  })
}
