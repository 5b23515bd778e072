import type { AccountKey } from '../metering/account.ts'
import { sumOf } from '../metering/cell.ts'
import type { Page } from './page.ts'

/** The most that an hour of an account may hold, in micro-units; undefined where there is no limit. */
export type HourLimit = (account: AccountKey) => bigint | undefined

/** An hour that was held. */
interface GuardedHour {
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
  readonly limit: bigint
}

/**
 * Holds each hour that starts before `before` and whose usage is above its limit: a product does not
 * plausibly use that much, and AWS cannot be asked to take a record back. What earlier hours counted or an
 * operator released is left out.
 */
export function guardHours(
  page: Page,
  before: number,
  now: number,
  limitOf: HourLimit,
): GuardedHour[] {
  return page.openHours(before).flatMap((open) => {
    const limit = limitOf(open.account.key)
    if (limit === undefined) return []
    const all = sumOf(page.cells(open))
    if (all - page.unguarded(open.account, open.hour) <= limit) return []
    page.hold({ ...open, reason: 'guard' }, page.empty(open), now)
    const { dimension } = open.account.key
    return [{ dimension, hour: open.hour, quantity: all, limit }]
  })
}
