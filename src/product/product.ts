import type { Route } from './routes.ts'

export interface Dimension {
  /** The API identifier, 1 to 255 characters. */
  readonly name: string
  /** What the application counts in, for people. */
  readonly unit: string | undefined
  /** How many of the application's units make one of AWS's, at least 1. */
  readonly divisor: bigint
}

/** What the seller baked into the image, checked. */
export interface Product {
  readonly productCode: string
  readonly route: Route
  /** Key version to PEM. Empty only where the route needs none. */
  readonly publicKeys: ReadonlyMap<number, string>
  /** Never empty where the route needs one. */
  readonly dimensions: readonly Dimension[]
}
