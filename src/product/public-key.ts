import { createPublicKey, type KeyObject } from 'node:crypto'

export type PublicKeyResult =
  | { readonly ok: true; readonly pem: string; readonly bits: number }
  | { readonly ok: false; readonly problem: string }

/** AWS's own sample has no more. */
export const leastKeyBits = 1024
/** What PS256 asks for; a shorter key is taken with a warning. */
export const soundKeyBits = 2048

const advice = 'copy the PEM from the Marketplace portal, its line breaks included'

/**
 * Checks that `text` is the PEM of one RSA public key of at least 1024 bits (AWS's own sample has
 * 1024) and gives it back in the `BEGIN PUBLIC KEY` form. What was given is never part of a message.
 */
export function parsePublicKey(text: string): PublicKeyResult {
  if (text.includes('PRIVATE KEY')) {
    return { ok: false, problem: 'it holds a private key, which does not belong here; remove it' }
  }
  const blocks = text.match(/-----BEGIN [^-]*-----/g) ?? []
  if (blocks.length !== 1 || !/BEGIN (RSA )?PUBLIC KEY/.test(blocks[0])) {
    return { ok: false, problem: `it is not one PEM block "BEGIN PUBLIC KEY"; ${advice}` }
  }
  let key: KeyObject
  try {
    key = createPublicKey(text)
  } catch {
    return { ok: false, problem: `it is not a readable PEM public key; ${advice}` }
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa') {
    const type = key.asymmetricKeyType ?? 'unknown'
    return {
      ok: false,
      problem: `it is a key of the type ${type} and must be an RSA key; ${advice}`,
    }
  }
  if (bits < leastKeyBits) {
    const problem = `it is an RSA key of ${bits} bits and must have at least ${leastKeyBits}; ${advice}`
    return { ok: false, problem }
  }
  return { ok: true, pem: key.export({ type: 'spki', format: 'pem' }).toString(), bits }
}
