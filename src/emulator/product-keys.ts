import type { EmulatedProduct } from './marketplace.ts'
import { createSigningKey, type SigningKey } from './signing-key.ts'

/** The key pair of each product and key version. */
export interface ProductKeys {
  /** Undefined for a product or a version that does not exist. */
  find(productCode: string, version: number): SigningKey | undefined
  /** Returns the key of a product and version, a fresh one where there is none. */
  add(productCode: string, version: number): Promise<SigningKey>
}

/** Generates the missing keys; `first` is the current key of the first product. */
export async function createProductKeys(
  products: readonly EmulatedProduct[],
  first: SigningKey | undefined,
): Promise<ProductKeys> {
  const names = products.flatMap(({ productCode, publicKeyVersion, olderKeyVersions = [] }) =>
    [publicKeyVersion, ...olderKeyVersions].map((version) => nameOf(productCode, version)),
  )
  const pairs = names.map(async (name, index): Promise<[string, SigningKey]> => [
    name,
    index === 0 && first !== undefined ? first : await createSigningKey(),
  ])
  const keys = new Map(await Promise.all(pairs))
  return {
    find: (productCode, version) => keys.get(nameOf(productCode, version)),
    async add(productCode, version) {
      const name = nameOf(productCode, version)
      const key = keys.get(name) ?? (await createSigningKey())
      keys.set(name, key)
      return key
    },
  }
}

function nameOf(productCode: string, version: number): string {
  return JSON.stringify([productCode, version])
}
