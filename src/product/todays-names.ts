import type { Product } from './product.ts'

/** What the product file calls usage that was reported under an earlier one. */
export function todaysNamesOf({ productCode, dimensions, replaces = [] }: Product) {
  return {
    productCode,
    /** The dimension of this name, or the one that replaces it; undefined for one that is gone. */
    dimensionOf: (dimension: string): string | undefined =>
      (
        dimensions.find(({ name }) => name === dimension) ??
        dimensions.find((each) => each.replaces?.includes(dimension) === true)
      )?.name,
    /** Whether the file says that its product code replaces this one. */
    replacesCode: (code: string): boolean => code !== productCode && replaces.includes(code),
  }
}

/** The same for a product file that replaces names; undefined for one that replaces none. */
export function replacementsOf(product: Product): ReturnType<typeof todaysNamesOf> | undefined {
  const { replaces = [], dimensions } = product
  const replacesAny = replaces.length > 0 || dimensions.some((each) => each.replaces !== undefined)
  return replacesAny ? todaysNamesOf(product) : undefined
}
