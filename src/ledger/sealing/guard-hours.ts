import type { AccountKey } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import type { Page } from '../page/page.ts'

/** The most that an hour of an account may hold, in micro-units; undefined where there is no limit. */
export type HourLimit = (account: AccountKey) => bigint | undefined

/** An hour that was held. */
interface GuardedHour {
  readonly open: OpenAccountHour
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
  readonly limit: bigint
}

/**
 * Holds each of the hours whose usage is above its limit: a product does not
 * plausibly use that much, and AWS cannot be asked to take a record back. What earlier hours counted or an
 * operator released is left out.
 */
export function guardHours(
  page: Page,
  hours: readonly OpenAccountHour[],
  now: number,
  limitOf: HourLimit,
): GuardedHour[] {
  return hours.flatMap((open) => {
    const limit = limitOf(open.account.key)
    if (limit === undefined) return []
    const all = sumOf(page.cells(open))
    if (all - page.unguarded(open.account, open.hour) <= limit) return []
    page.hold({ ...open, reason: 'guard' }, page.empty(open), now)
    const { dimension } = open.account.key
    return [{ open, dimension, hour: open.hour, quantity: all, limit }]
  })
}
