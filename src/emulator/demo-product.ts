export interface EmulatedProduct {
  readonly productCode: string
  /**
   * AWS's API identifiers. A product of the route `hourly` takes no records: AWS meters it by itself.
   */
  readonly dimensions: readonly string[]
  readonly route: 'hourly' | 'metered' | 'both'
  readonly publicKeyVersion: number
  /** Where the product is offered; everywhere when absent. */
  readonly regions?: readonly string[]
}

export interface EmulatedCustomer {
  readonly productCode: string
  readonly customerIdentifier: string
  readonly customerAwsAccountId: string
  readonly licenseArn: string
  readonly subscribed: boolean
  /** What the buyer's browser brings to the seller's registration page. */
  readonly registrationToken: string
  readonly registrationTokenExpired: boolean
}

/** What the emulator sells unless it is told otherwise. */
export const demoProduct: EmulatedProduct = {
  productCode: '1a2b3cdemo4d5e6f7g8h9i0jk',
  dimensions: ['requests', 'storage'],
  route: 'both',
  publicKeyVersion: 1,
}

/** A buyer of `productCode` over SaaS, for BatchMeterUsage and ResolveCustomer. */
export function demoCustomer(productCode: string): EmulatedCustomer {
  return {
    productCode,
    customerIdentifier: 'demoCustomer01',
    customerAwsAccountId: '123456789012',
    licenseArn: 'arn:aws:license-manager::294406891311:license:l-demo0123456789abcdef',
    subscribed: true,
    registrationToken: 'demo-registration-token',
    registrationTokenExpired: false,
  }
}
