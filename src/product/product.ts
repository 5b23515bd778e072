import type { TypeOf } from '../kernel/schema/schema.ts'
import type { dimensionSchema, operatorPermissions, productFileSchema } from './product-schema.ts'

/** Makes members optional that neither a file nor the environment has to give. */
type Loose<T, Names extends keyof T> = Omit<T, Names> & Partial<Pick<T, Names>>

/**
 * A usage dimension. `divisor` is how many of the application's units make one of AWS's; `maxPerHour` is
 * in micro-units, and where they are missing `aggregate` is `sum` and `scope` is `resource`.
 */
export type Dimension = Loose<
  TypeOf<typeof dimensionSchema>,
  'maxPerHour' | 'fractions' | 'replaces' | 'aggregate' | 'scope' | 'staleAfterSeconds' | 'from'
>

export type OperatorPermission = (typeof operatorPermissions)[number]

/** A product file, checked. The environment may choose a trusted code instead of `productCode`. */
export type ProductFile = Loose<
  Omit<TypeOf<typeof productFileSchema>, '$schema' | 'dimensions'>,
  'replaces' | 'operator' | 'untaggedAs' | 'region' | 'customerIds'
> & {
  readonly dimensions: readonly Dimension[]
}

/** What is metered. It has keys and dimensions at least where the route needs them. */
export type Product = Omit<ProductFile, 'trustedProductCodes' | 'settings'>
