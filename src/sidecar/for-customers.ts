import { databaseUrlOf } from '../config/database-url-of.ts'
import type { Settings } from '../config/settings.ts'
import type { CustomerRules } from '../ledger/customers/customer-book.ts'
import { ownerForCustomers } from '../ledger/opening/other-book.ts'
import type { Platform } from '../platform/platform.ts'

type ForCustomers = Pick<Settings, 'product' | 'lateUsage'>
type DatabaseUrls = Pick<Settings, 'databaseUrl' | 'databaseUrlOfFile'>

/** What the product file says of its customers; undefined where the buyer runs the task or pod. */
export function customerRulesOf({ product, lateUsage }: ForCustomers): CustomerRules | undefined {
  const { region, customerIds: form } = product
  return region === undefined || form === undefined ? undefined : { form, region, lateUsage }
}

/**
 * The platform as the book and the records see it. Of customers no record names the pod, so that the book
 * is that of the product: the next pod goes on with it, and has nothing to adopt. In a database each
 * replica has its own part of the book.
 */
export function platformFor(
  settings: Pick<ForCustomers, 'product'> & DatabaseUrls,
  platform: Platform,
) {
  const { productCode, region } = settings.product
  return region === undefined || databaseUrlOf(settings) !== undefined
    ? platform
    : { ...platform, resource: ownerForCustomers(productCode, region) }
}
