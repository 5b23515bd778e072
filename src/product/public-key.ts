import { createPublicKey, type KeyObject } from 'node:crypto'
import { fail, succeed, type Result } from '../kernel/result.ts'

interface PublicKey {
  /** In the form `BEGIN PUBLIC KEY`. */
  readonly pem: string
  readonly bits: number
}

/** AWS's own sample has no more. */
const leastKeyBits = 1024
/** The length that PS256 asks for; a shorter key is accepted with a warning. */
export const soundKeyBits = 2048

const advice = 'copy the PEM from the Marketplace portal, its line breaks included'

/**
 * Reads `text` as the PEM of one RSA public key of at least 1024 bits. The failure is a mistake, for
 * people, and never repeats what was given.
 */
export function parsePublicKey(text: string): Result<PublicKey, string> {
  if (text.includes('PRIVATE KEY'))
    return fail('it holds a private key, which does not belong here; remove it')
  const blocks = text.match(/-----BEGIN [^-]*-----/g) ?? []
  if (blocks.length !== 1 || !/BEGIN (RSA )?PUBLIC KEY/.test(blocks[0]))
    return fail(`it is not one PEM block "BEGIN PUBLIC KEY"; ${advice}`)
  let key: KeyObject
  try {
    key = createPublicKey(text)
  } catch {
    return fail(`it is not a readable PEM public key; ${advice}`)
  }
  const type = key.asymmetricKeyType ?? 'unknown'
  if (type !== 'rsa')
    return fail(`it is a key of the type ${type} and must be an RSA key; ${advice}`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < leastKeyBits)
    return fail(
      `it is an RSA key of ${bits} bits and must have at least ${leastKeyBits}; ${advice}`,
    )
  return succeed({ pem: key.export({ type: 'spki', format: 'pem' }).toString(), bits })
}
