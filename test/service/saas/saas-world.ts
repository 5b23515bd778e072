import { demoCustomer, demoProduct } from '../../../src/emulator/demo-product.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'
import { startEmulator } from '../emulator/harness.ts'

export const { productCode } = demoProduct
const another = 'another0product0of0ours0x'
export const acme = {
  ...demoCustomer(productCode),
  customerAwsAccountId: '111111111111',
  customerIdentifier: 'acmeIdentifier',
  licenseArn: 'arn:aws:license-manager::294406891311:license:l-acme',
  registrationTokens: ['token-of-acme'],
  expiredTokens: ['old-token-of-acme'],
}
export const globex = {
  ...acme,
  customerAwsAccountId: '222222222222',
  customerIdentifier: 'globexIdentifier',
  licenseArn: 'arn:aws:license-manager::294406891311:license:l-globex',
  registrationTokens: ['token-of-globex'],
  expiredTokens: [],
}
export const stranger = {
  ...globex,
  productCode: another,
  customerAwsAccountId: '333333333333',
  licenseArn: 'arn:aws:license-manager::294406891311:license:l-stranger',
  registrationTokens: ['token-of-stranger'],
}
const customers = [acme, globex, stranger]
export const product = {
  productCode,
  route: 'saas',
  region: 'eu-west-1',
  customerIds: 'license-arn',
  dimensions: ['requests', 'storage'],
}

let harness: SidecarHarness | undefined

/** Closes what a test has started. */
export async function closeSaas(): Promise<void> {
  await harness?.close()
  harness = undefined
}

export function optionsOf(file: object = product): SidecarOptions {
  return {
    files: { '/product.json': JSON.stringify(file) },
    settings: {
      SIDECAR_PRODUCT_FILE: '/product.json',
      SIDECAR_PRODUCT_CODE: undefined,
      SIDECAR_ROUTE: undefined,
      SIDECAR_PUBLIC_KEY_FILE: undefined,
      SIDECAR_DIMENSIONS: undefined,
      SIDECAR_SUBMIT_SPREAD_SECONDS: undefined,
    },
  }
}

export async function startSaas(options: SidecarOptions = {}): Promise<SidecarHarness> {
  const products = [demoProduct, { ...demoProduct, productCode: another }]
  const aws = options.aws ?? (await startEmulator({ products, customers }))
  harness = await startHarness({ ...optionsOf(), ...options, aws })
  return harness
}

export async function send(method: string, path: string, body?: object) {
  const response = await fetch(`http://127.0.0.1:${harness?.sidecar.appPort}${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

export const register = (key: string, registrationToken: string) =>
  send('POST', '/v1/customers', { key, registrationToken })

export const recordsNow = async () =>
  (await harness?.records())
    ?.map(({ resource, dimension, hour, quantity }) => [resource, dimension, hour, quantity])
    .toSorted()

export const nine = '2026-03-10T09:00:00.000Z'
