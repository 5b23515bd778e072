import type { BookReader } from '../../store/store.ts'

const ofCustomers = 'saas:'

/** Who owns the book of a product with customers: whichever pod meters it. */
export function ownerForCustomers(productCode: string, region: string): string {
  return `${ofCustomers}${productCode}:${region}`
}

/**
 * Says why a book is not opened that is of customers in another region, or of another kind of product: its usage
 * would be billed again, or to someone else. Undefined where it is opened.
 */
export function otherOwner(resource: string, previous: string | undefined): string | undefined {
  if (previous === undefined || placeOf(previous) === placeOf(resource)) return undefined
  return `The ledger in SIDECAR_DATA_DIR belongs to ${previous}, and this is ${resource}, so it is not opened: AWS would bill its usage to another region or buyer. Give the sidecar a separate directory, or correct the route and the region in the product file.`
}

/**
 * Says the same of a database; `region` is that of the product's customers, undefined where it has none.
 */
export async function otherCustomers(
  region: string | undefined,
  book: Pick<BookReader, 'billed'>,
): Promise<string | undefined> {
  const { buyers, customers, region: known } = await book.billed()
  const isOfOthers = region === undefined ? customers : buyers
  if (!isOfOthers && (known === undefined || known === region)) return undefined
  return `The ledger in the database holds usage ${isOfOthers ? 'of a product of another kind' : `of customers in ${known}`}, so it is not opened: AWS would bill it to another region or buyer. Give each product and region a separate database, or correct the route and the region in the product file.`
}

/** What may not change in a book: the region of customers, or that it has none. */
function placeOf(resource: string): string | undefined {
  return resource.startsWith(ofCustomers) ? resource.slice(resource.lastIndexOf(':')) : undefined
}
