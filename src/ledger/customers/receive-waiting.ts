import { accountOf } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import {
  awsKeysOf,
  namesOfKey,
  type CustomerForm,
  type Registration,
} from '../../metering/customer.ts'
import { hourOf } from '../../metering/hour.ts'
import type { LateUsagePolicy } from '../../metering/record/record.ts'
import type { Page } from '../page/page.ts'

export interface WaitingRules {
  readonly form: CustomerForm
  /** When AWS stops to accept the record of an hour, ms. */
  readonly windowEnd: (hour: number) => number
  /** What happens to usage that waited until its window was over. */
  readonly lateUsage: LateUsagePolicy
}

/** Makes usage that waited for a registration, under any of its keys, usage of it. */
export function receiveWaiting(
  page: Page,
  { customer, identity, names }: Registration,
  now: number,
  { form, windowEnd, lateUsage }: WaitingRules,
): void {
  const keys = new Set([customer, ...awsKeysOf(names, form)])
  for (const waiting of [...keys].flatMap((key) => page.customers.waitingHours(key))) {
    const { resource, hour: own } = waiting
    const account = accountOf({ ...waiting.account.key, customer, identity })
    const cells = page.empty(waiting)
    page.transfer(waiting.account, account, sumOf(cells))
    const isInTime = now < windowEnd(own)
    if (!isInTime && lateUsage === 'hold') {
      page.hold({ account, resource, hour: own, reason: 'late' }, cells, now)
      continue
    }
    const hour = page.firstUnsealedHour(account, isInTime ? own : hourOf(now))
    for (const { tags, quantity } of cells) page.add(account, hour, tags, quantity)
  }
}

/**
 * The same for usage whose registration did not come after it in this book: of two books that became one, the
 * first had the usage, and the second the registration.
 */
export function receiveRegistered(page: Page, now: number, rules: WaitingRules): void {
  if (page.view.countAwaited() === 0) return
  const waiting = page.view.unregisteredAccounts()
  const customers = new Set(waiting.map(({ key }) => key.customer))
  for (const customer of customers) {
    if (!page.view.isAwaited(customer)) continue
    const registration =
      page.customers.registrations(customer).at(-1) ??
      page.customers.namedBy(namesOfKey(customer), rules.form).at(-1)
    if (registration !== undefined) receiveWaiting(page, registration, now, rules)
  }
}
