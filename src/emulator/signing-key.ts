import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { SignJWT } from 'jose'

interface RegistrationClaims {
  readonly productCode: string
  readonly publicKeyVersion: number
  /** Absent from the token when the caller gave none. */
  readonly nonce: string | undefined
  /** Epoch seconds. */
  readonly issuedAt: number
}

/** The key pair of a product, as AWS holds it. */
export interface SigningKey {
  /** The PEM that the portal shows the seller, `BEGIN PUBLIC KEY`. */
  readonly publicKeyPem: string
  /** A JWT as RegisterUsage answers it: PS256, 32 bytes of salt, and no `kid`. */
  sign(claims: RegistrationClaims): Promise<string>
}

/** Generates an RSA 2048 key pair, which takes some 100 ms. */
export async function createSigningKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: ({ productCode, publicKeyVersion, nonce, issuedAt }) =>
      new SignJWT({
        productCode,
        publicKeyVersion,
        ...(nonce === undefined ? {} : { nonce }),
      })
        .setIssuedAt(issuedAt)
        .setProtectedHeader({ alg: 'PS256', typ: 'JWT' })
        .sign(privateKey),
  }
}
