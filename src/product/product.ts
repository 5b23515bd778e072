import type { TypeOf } from '../kernel/schema.ts'
import type { dimensionSchema, productFileSchema } from './product-schema.ts'

/** A usage dimension. `divisor` is how many of the application's units make one of AWS's. */
export type Dimension = TypeOf<typeof dimensionSchema>

/** A product file, checked. The environment may choose a trusted code instead of `productCode`. */
export type ProductFile = Omit<TypeOf<typeof productFileSchema>, '$schema'>

/** What is metered. It has keys and dimensions at least where the route needs them. */
export type Product = Omit<ProductFile, 'trustedProductCodes'>
