import { demoCustomer, demoProduct } from '../../../src/emulator/demo-product.ts'
import type { EmulatedCustomer } from '../../../src/emulator/marketplace.ts'

/** A customer of the seller as the application, AWS and this test know it. */
export interface KnownCustomer {
  readonly key: string
  readonly names: { readonly accountId: string; readonly licenseArn: string }
}

export function customersNamed(count: number): KnownCustomer[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `customer-${index}`,
    names: {
      accountId: `${700_000_000_000 + index}`,
      licenseArn: `arn:aws:license-manager::294406891311:license:l-killed-${index}`,
    },
  }))
}

/** The same as AWS has it. */
export function emulatedCustomer({ key, names }: KnownCustomer): EmulatedCustomer {
  return {
    ...demoCustomer(demoProduct.productCode),
    customerIdentifier: key,
    customerAwsAccountId: names.accountId,
    licenseArn: names.licenseArn,
    registrationTokens: [],
  }
}
