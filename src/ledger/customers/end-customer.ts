import { SidecarError } from '../../kernel/errors.ts'
import type { CustomerNames, Registration } from '../../metering/customer.ts'
import type { Page } from '../page/page.ts'

/**
 * Notes that the licence of a customer has ended: all of its usage, that of the current hour too, is
 * sealed and sent at once from now on. Throws CustomerNotFound.
 */
export function endCustomer(page: Page, customer: string, now: number): Registration {
  const newest = newestOf(page, customer)
  if (newest.endedAt !== undefined) return newest
  const ended = { ...newest, endedAt: now }
  page.customers.put(ended)
  return ended
}

/** What AWS reports of a licence or subscription. */
export interface LicenceEvent {
  /** AWS's id of the event. */
  readonly id: string
  readonly names: CustomerNames
  readonly change: 'ended' | 'active'
}

export type EventResult = 'accepted' | 'duplicate' | 'ignored'

/**
 * Applies an event of AWS, once, to the registration that it names. An event of a licence that was
 * replaced changes that registration alone; one of an unknown customer is ignored, and may come again.
 */
export function applyEvent(
  page: Page,
  { id, names, change }: LicenceEvent,
  now: number,
): EventResult {
  const token = `event:${id}`
  if (page.claim(token) !== undefined) return 'duplicate'
  const named = page.customers.named(names)
  if (named === undefined) return 'ignored'
  const endedAt = change === 'active' ? undefined : (named.endedAt ?? now)
  if (endedAt !== named.endedAt) page.customers.put({ ...named, endedAt })
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
  for (const each of registrations)
    page.customers.put({ ...each, endedAt: each.endedAt ?? now, deletedAt: now })
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
