import { demoProduct } from '../../../src/emulator/demo-product.ts'
import type { SidecarOptions } from './sidecar-harness.ts'

const productFile = '/product.json'

/** A sidecar whose metered product has these dimensions in a product file, and which does not wait at the end. */
export function productFileWith(
  dimensions: readonly (object | string)[],
): Required<Pick<SidecarOptions, 'files' | 'settings'>> {
  const product = { productCode: demoProduct.productCode, route: 'metered', dimensions }
  return {
    files: { [productFile]: JSON.stringify(product) },
    settings: {
      SIDECAR_PRODUCT_FILE: productFile,
      SIDECAR_PRODUCT_CODE: undefined,
      SIDECAR_ROUTE: undefined,
      SIDECAR_DIMENSIONS: undefined,
      SIDECAR_PUBLIC_KEY_FILE: undefined,
      SIDECAR_PUBLIC_KEY_VERSION: undefined,
      SIDECAR_DRAIN_QUIET_MS: '0',
    },
  }
}
