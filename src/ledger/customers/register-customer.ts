import { SidecarError } from '../../kernel/errors.ts'
import {
  awsKeysOf,
  identityOf,
  isAwsKey,
  type CustomerForm,
  type CustomerNames,
  type Registration,
} from '../../metering/customer.ts'
import { hourMs } from '../../metering/hour.ts'
import type { Page } from '../page/page.ts'
import { receiveWaiting, type WaitingRules } from './receive-waiting.ts'
import { decideLicence, endOfLicence } from './registered-licence.ts'

/** A customer to register, by the application's key and by the names that AWS has for it. */
export interface NewCustomer {
  readonly customer: string
  readonly names: CustomerNames
  /** AWS has just named the customer, so a licence that had ended is active again. */
  readonly reactivates: boolean
}

export interface RegistrationRules extends WaitingRules {
  readonly region: string
}

/**
 * Registers a customer under the identity that the product is billed by. The same registration again is
 * the same. A new identity of a known key is a new registration, and usage reported before stays with
 * the old one. Usage that waited for the first registration becomes usage of it. Throws
 * CustomerNamesIncomplete, CustomerIdentityTaken, and InvalidCustomer for a key that is reserved.
 */
export function registerCustomer(
  page: Page,
  { customer, names, reactivates }: NewCustomer,
  now: number,
  rules: RegistrationRules,
): Registration {
  const identity = identityOf(rules.form, names, rules.region)
  if (identity === undefined) throw incomplete(rules.form)
  const known = page.customers.registrations(customer)
  const same = page.customers.registeredAs(customer, identity)
  if (same !== undefined && same !== known.at(-1)) throw replaced()
  if (same !== undefined) {
    const named = { ...same, names: { ...same.names, ...givenOf(names) } }
    if (!reactivates && hasNamesOf(named, same)) return same
    if (page.customers.rivalsOf(named).length > 0) throw taken()
    const startsAt = Math.max(same.startsAt, firstHourOf(page, named))
    const completed = activated(page, { ...named, startsAt }, reactivates, now)
    page.customers.put(completed)
    receiveWaiting(page, completed, now, rules)
    return completed
  }
  if (isAwsKey(customer) && known.length === 0 && !awsKeysOf(names, 'account').includes(customer))
    throw reserved()
  const named: Registration = {
    customer,
    identity,
    names,
    // Their order says which one is the newest, whatever the clock did.
    createdAt: Math.max(now, (known.at(-1)?.createdAt ?? 0) + 1),
    startsAt: 0,
    endedAt: undefined,
    deletedAt: undefined,
  }
  if (page.customers.rivalsOf(named).length > 0) throw taken()
  const startsAt = firstHourOf(page, named)
  const registration = activated(page, { ...named, startsAt }, reactivates, now)
  page.customers.put(registration)
  receiveWaiting(page, registration, now, rules)
  return registration
}

/** The names that are given, so that they complete others. */
function givenOf(names: CustomerNames): CustomerNames {
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined))
}

function hasNamesOf(a: Registration, b: Registration): boolean {
  return (
    a.names.accountId === b.names.accountId &&
    a.names.licenseArn === b.names.licenseArn &&
    a.names.identifier === b.names.identifier
  )
}

/**
 * The hour after the last one that has usage of the same customer of AWS under another form, also of a
 * registration that was deleted; 0 where none has.
 */
function firstHourOf(page: Page, registration: Registration): number {
  const hours = page.customers
    .inOtherForms(registration)
    .map((each) => page.customers.lastHour(each) ?? -hourMs)
  return Math.max(0, ...hours.map((hour) => hour + hourMs))
}

/** The registration as it is after all that was said of its licence, or active because AWS has just named it. */
function activated(
  page: Page,
  registration: Registration,
  reactivates: boolean,
  now: number,
): Registration {
  if (reactivates) decideLicence(page, registration, false, now)
  return { ...registration, endedAt: endOfLicence(page, registration) }
}

function reserved(): SidecarError {
  return new SidecarError(
    'InvalidCustomer',
    "Keys that begin with aws: are reserved for customers whom an AWS SDK names, and this key does not belong to this customer. Use the application's own key.",
  )
}

function incomplete(form: CustomerForm): SidecarError {
  const needed = {
    'license-arn': 'the account and the licence (accountId and licenseArn)',
    account: 'the account (accountId)',
    identifier: 'the customer identifier (identifier)',
  }[form]
  return new SidecarError(
    'CustomerNamesIncomplete',
    `The product file says that customers are billed by ${form}, so a registration needs ${needed}. Send what ResolveCustomer returned, or correct customerIds in the product file.`,
  )
}

function taken(): SidecarError {
  return new SidecarError(
    'CustomerIdentityTaken',
    'Another key is registered for this AWS customer, and AWS would bill an hour under both. Use that key, or delete it once it is settled.',
  )
}

function replaced(): SidecarError {
  return new SidecarError(
    'CustomerIdentityTaken',
    'The key had this identity before it was registered with another one. Delete the key once it is settled, then register it again.',
  )
}
