import { SidecarError } from '../../kernel/errors.ts'
import type { CustomerForm, CustomerNames, Registration } from '../../metering/customer.ts'
import type { Page } from '../page/page.ts'
import { decideLicence, learnLicence, learnUnregistered } from './registered-licence.ts'

/**
 * Notes that the licence of a customer has ended: all of its usage, that of the current hour too, is
 * sealed and sent at once from now on. Throws CustomerNotFound.
 */
export function endCustomer(page: Page, customer: string, now: number): Registration {
  for (const each of page.customers.registrations(customer))
    page.customers.put({ ...each, endedAt: decideLicence(page, each, true, now) })
  return newestOf(page, customer)
}

/** What AWS reports of a licence or subscription. */
export interface LicenceEvent {
  /** AWS's id of the event. */
  readonly id: string
  readonly names: CustomerNames
  readonly change: 'ended' | 'active'
  /** When it happened, by AWS's clock, ms; undefined where the event does not say so. */
  readonly at: number | undefined
}

export type EventResult = 'accepted' | 'duplicate' | 'ignored'

/**
 * Applies an event of AWS, once, to the registration that it names, unless something that happened later
 * is known of it: AWS delivers in any order. An event of a licence that was replaced changes that
 * registration alone. One of an unknown customer is ignored, and counts when it is registered.
 */
export function applyEvent(
  page: Page,
  { id, names, change, at }: LicenceEvent,
  form: CustomerForm,
  now: number,
): EventResult {
  const token = `event:${id}`
  if (page.claim(token) !== undefined) return 'duplicate'
  const state = { at: at ?? now, ended: change === 'ended' }
  const named = page.customers.named(names)
  if (named === undefined) {
    learnUnregistered(page, names, form, state)
    return 'ignored'
  }
  // What was reported before a change of the form is usage of the same licence.
  const affected = page.customers
    .registrations(named.customer)
    .filter(
      ({ identity }) =>
        identity.form !== named.identity.form || identity.value === named.identity.value,
    )
  if (!affected.map((each) => learnLicence(page, each, state)).includes(true)) return 'ignored'
  page.storeClaim({ token, digest: new Uint8Array(), receipts: [], createdAt: now })
  return 'accepted'
}

/** Removes a customer whose usage is settled: its key and its identity are free again. Throws CustomerNotFound, CustomerNotSettled. */
export function deleteCustomer(page: Page, customer: string, now: number): void {
  newestOf(page, customer)
  const registrations = page.customers.registrations(customer)
  if (registrations.some((each) => page.customers.isUnsettled(each)))
    throw new SidecarError(
      'CustomerNotSettled',
      'Usage of this customer is open, held, on its way to AWS or unresolved, so nothing was deleted. GET the customer to see where it is, and delete it when everything is settled.',
    )
  for (const each of registrations) {
    // An event from before the deletion says nothing of a registration after it.
    decideLicence(page, each, false, now)
    page.customers.put({ ...each, endedAt: each.endedAt ?? now, deletedAt: now })
  }
}

function newestOf(page: Page, customer: string): Registration {
  const newest = page.customers.registrations(customer).at(-1)
  if (newest !== undefined) return newest
  throw customerNotFound()
}

/** The error for a key without a registration. */
export function customerNotFound(): SidecarError {
  return new SidecarError(
    'CustomerNotFound',
    'No customer is registered under this key. Register it with POST /v1/customers; usage that came before waits for that.',
  )
}
