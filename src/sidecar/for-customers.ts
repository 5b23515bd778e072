import type { RegionDenial } from '../entitlement/prove-entitlement.ts'
import { SidecarError } from '../kernel/errors.ts'
import type { CustomerRules } from '../ledger/customers/customer-book.ts'
import type { Platform } from '../platform/platform.ts'
import { databaseUrlOf } from '../config/database-url-of.ts'
import type { BookReader } from '../store/store.ts'
import type { Settings } from '../config/settings.ts'

const ofCustomers = 'saas:'

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
    : { ...platform, resource: `${ofCustomers}${productCode}:${region}` }
}

/** Says why the customers of a product can't be metered from here: AWS knows a record by its region too. */
export function customersDenial(
  { product }: Pick<ForCustomers, 'product'>,
  { region: here }: Platform,
): RegionDenial | undefined {
  const { region } = product
  if (region === undefined || here === undefined || here.region === region) return undefined
  return {
    code: 'RegionMismatch',
    message: `This runs in ${here.region} (${here.source}), and the product file meters customers in ${region}. Run the sidecar in ${region}: AWS bills a record again in another region.`,
  }
}

/**
 * Refuses a book of customers in another region, or of another kind of product: its usage would be billed
 * again, or to someone else. Throws InvalidSettings.
 */
export function checkOwner(resource: string, previous: string | undefined): void {
  if (previous === undefined || placeOf(previous) === placeOf(resource)) return
  throw new SidecarError(
    'InvalidSettings',
    `The ledger in SIDECAR_DATA_DIR belongs to ${previous}, and this is ${resource}, so it was not opened: AWS would bill its usage to another region or buyer. Give the sidecar a separate directory, or correct the route and the region in the product file.`,
  )
}

/**
 * Refuses a database with the customers of another region, or of another kind of product. Throws
 * InvalidSettings.
 */
export async function checkSharedBook(
  { product }: Pick<ForCustomers, 'product'>,
  book: Pick<BookReader, 'billed'>,
): Promise<void> {
  const { region } = product
  const { buyers, customers, region: known } = await book.billed()
  const isOfOthers = region === undefined ? customers : buyers
  if (!isOfOthers && (known === undefined || known === region)) return
  throw new SidecarError(
    'InvalidSettings',
    `The ledger in the database holds usage ${isOfOthers ? 'of a product of another kind' : `of customers in ${known}`}, so it was not opened: AWS would bill it to another region or buyer. Give each product and region a separate database, or correct the route and the region in the product file.`,
  )
}

/** What may not change in a book: the region of customers, or that it has none. */
function placeOf(resource: string): string | undefined {
  return resource.startsWith(ofCustomers) ? resource.slice(resource.lastIndexOf(':')) : undefined
}
