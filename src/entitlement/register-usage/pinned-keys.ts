import type { Product } from '../../product/product.ts'

interface PinnedKey {
  readonly version: number
  readonly pem: string
}

/** The product's public keys, the newest version first. */
export function keysNewestFirst(publicKeys: Product['publicKeys']): PinnedKey[] {
  return [...publicKeys]
    .map(([version, pem]) => ({ version, pem }))
    .toSorted((a, b) => b.version - a.version)
}
