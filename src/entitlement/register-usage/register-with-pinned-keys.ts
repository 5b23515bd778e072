import type { MeteringApi } from '../../aws/metering-api.ts'
import type { Product } from '../../product/product.ts'
import type { FailedStep, PassedStep } from '../proof.ts'
import { createNonce, register } from './register.ts'

export interface RegisterWithPinnedKeysOptions {
  readonly api: MeteringApi
  readonly product: Pick<Product, 'productCode' | 'publicKeys'>
  /** Cryptographically strong. */
  readonly randomBytes: (length: number) => Uint8Array
}

export interface PinnedKey {
  readonly version: number
  readonly pem: string
}

/** The product's public keys, the newest version first. */
export function keysNewestFirst(publicKeys: Product['publicKeys']): PinnedKey[] {
  return [...publicKeys]
    .map(([version, pem]) => ({ version, pem }))
    .toSorted((a, b) => b.version - a.version)
}

const unknownVersion = 'InvalidPublicKeyVersionException'

/**
 * Registers with the newest pinned key. An image may know the next key before AWS takes its version:
 * when AWS does not know a version, the next older one is sent, and only when it knows none the answer
 * is no.
 */
export async function registerWithPinnedKeys(
  options: RegisterWithPinnedKeysOptions,
): Promise<PassedStep | FailedStep> {
  const { api, product, randomBytes } = options
  const keys = keysNewestFirst(product.publicKeys)
  const unknown: number[] = []
  for (const { version, pem } of keys) {
    const outcome = await register({
      api,
      productCode: product.productCode,
      publicKeyVersion: version,
      pem,
      nonce: createNonce(randomBytes),
    })
    if (outcome.ok) return { ...outcome, warnings: [...outcome.warnings, ...passedOver(unknown)] }
    unknown.push(version)
    if (outcome.code !== unknownVersion) return outcome
    if (unknown.length === keys.length) return { ...outcome, message: wholeStory(outcome, unknown) }
  }
  throw new TypeError('a product that registers needs a public key')
}

function passedOver(versions: readonly number[]): string[] {
  return versions.map(
    (version) =>
      `AWS does not know version ${version} of the public key yet; an older one of the product file was used.`,
  )
}

function wholeStory({ message }: FailedStep, versions: readonly number[]): string {
  return versions.length === 1
    ? `${message} Version ${versions[0]} was sent.`
    : `${message} The versions ${versions.join(', ')} were sent, and AWS knows none of them.`
}
