import { SidecarError } from '../../kernel/errors.ts'
import { accountOf, type Account, type AccountKey } from '../../metering/account.ts'
import type { CustomerIdentity, Registration } from '../../metering/customer.ts'
import type { Page } from '../page/page.ts'

/** How many customers may have usage without being registered. */
const mostAwaited = 1000

/** The account and the hour that receive usage; the hour is its start, ms. */
export interface UsagePlace {
  readonly account: Account
  readonly hour: number
}

/** What usage means apart from whose it is. */
export type Meaning = Omit<AccountKey, 'customer' | 'identity'>

interface ReportedFor {
  readonly customer: string
  /** The registration that is billed, where the report says which one. */
  readonly identity?: CustomerIdentity | undefined
}

/**
 * The account that usage of a customer belongs to, and its first unsealed hour from `hour` on. Without a
 * registration the usage waits. After a change of the form, the hours before it go on under the old one. Throws
 * TooManyUnknownCustomers.
 */
export function placeOfCustomer(
  page: Page,
  meaning: Meaning,
  { customer, identity }: ReportedFor,
  hour: number,
): UsagePlace {
  if (identity !== undefined) {
    const account = accountOf({ ...meaning, customer, identity })
    return { account, hour: page.firstUnsealedHour(account, hour) }
  }
  const registrations = page.customers.registrations(customer)
  if (registrations.length === 0 && !page.customers.admits(customer, mostAwaited))
    throw new SidecarError(
      'TooManyUnknownCustomers',
      `Usage of ${mostAwaited} customers waits for their registration, so nothing of this request was recorded. Register them, then repeat the request.`,
    )
  let from = hour
  for (;;) {
    const registration = receiverOf(registrations, from)
    const account = accountOf({ ...meaning, customer, identity: registration?.identity })
    const unsealed = page.firstUnsealedHour(account, from)
    if (receiverOf(registrations, unsealed) === registration) return { account, hour: unsealed }
    from = unsealed
  }
}

/** The newest registration that receives usage of an hour. */
function receiverOf(
  registrations: readonly Registration[],
  hour: number,
): Registration | undefined {
  return registrations.findLast(({ startsAt }) => startsAt <= hour) ?? registrations[0]
}
