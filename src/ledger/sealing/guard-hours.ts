import { isShared, type AccountKey } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import type { Page } from '../page/page.ts'

/** The most that an hour of an account may hold, in micro-units; undefined where there is no limit. */
export type HourLimit = (account: AccountKey) => bigint | undefined

/** An hour that was held. */
interface GuardedHour {
  /** One, or those of several tasks or pods that share the hour. */
  readonly opens: readonly OpenAccountHour[]
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
  const byHour = Map.groupBy(hours, ({ account, hour }) => `${hour}|${account.name}`)
  return [...byHour.values()].flatMap((opens) => {
    const [first] = opens
    const limit = first && limitOf(first.account.key)
    if (first === undefined || limit === undefined) return []
    const { account, hour } = first
    const all = sumOf(opens.flatMap((open) => page.cells(open)))
    const unguarded = opens.reduce((sum, open) => sum + page.unguarded(open), 0n)
    if (all - unguarded <= limit) return []
    const resource = isShared(account.key) ? page.resource : first.resource
    for (const open of opens)
      page.hold({ account, resource, hour, reason: 'guard' }, page.empty(open), now)
    return [{ opens, dimension: account.key.dimension, hour, quantity: all, limit }]
  })
}
