import type { Product } from './product.ts'

/** Says why the customers of a product cannot be metered from here: AWS knows a record by its region too. */
export function customersDenial(
  { region }: Pick<Product, 'region'>,
  here: { readonly region: string; readonly source: string } | undefined,
): { readonly code: 'RegionMismatch'; readonly message: string } | undefined {
  if (region === undefined || here === undefined || here.region === region) return undefined
  return {
    code: 'RegionMismatch',
    message: `This runs in ${here.region} (${here.source}), and the product file meters customers in ${region}. Run the sidecar in ${region}: AWS bills a record again in another region.`,
  }
}
