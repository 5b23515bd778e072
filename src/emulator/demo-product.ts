import type { EmulatedCustomer, EmulatedProduct } from './marketplace.ts'

/** The product of an emulator without a scenario. */
export const demoProduct: EmulatedProduct = {
  productCode: '1a2b3cdemo4d5e6f7g8h9i0jk',
  dimensions: ['requests', 'storage'],
  route: 'both',
  publicKeyVersion: 1,
}

/** Two buyers of `productCode` over SaaS. */
export function demoCustomers(productCode: string): EmulatedCustomer[] {
  const first = demoCustomer(productCode)
  const place = `demo-${productCode}`
  return ['1', '2'].map((number) => ({
    ...first,
    customerIdentifier: `${place}-${number}`,
    customerAwsAccountId: `12345678901${number}`,
    licenseArn: `arn:aws:license-manager::294406891311:license:l-${place}-${number}`,
    agreementId: `agmt-${place}-${number}`,
    registrationTokens: [`${place}-token-${number}`],
  }))
}

/** A buyer of `productCode` over SaaS, for BatchMeterUsage and ResolveCustomer. */
export function demoCustomer(productCode: string): EmulatedCustomer {
  return {
    productCode,
    customerIdentifier: 'demoCustomer01',
    customerAwsAccountId: '123456789012',
    licenseArn: 'arn:aws:license-manager::294406891311:license:l-demo0123456789abcdef',
    agreementId: 'agmt-demo0123456789abcdef',
    subscribed: true,
    registrationTokens: ['demo-registration-token'],
    expiredTokens: [],
  }
}
