import type { Product } from './product.ts'

/** What usage of a dimension means by today's product file; undefined for one that it does not have. */
export function todaysMeaningsOf({ productCode, dimensions }: Product) {
  const meanings = new Map(
    dimensions.map(({ name, divisor, aggregate, scope, staleAfterSeconds }) => [
      name,
      {
        productCode,
        divisor,
        aggregate,
        scope,
        staleAfterMs: staleAfterSeconds === undefined ? undefined : staleAfterSeconds * 1000,
      },
    ]),
  )
  return (dimension: string) => meanings.get(dimension)
}
