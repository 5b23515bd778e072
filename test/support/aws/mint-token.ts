import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

/** Signs the first two parts of a token. */
export type TokenSigner = (signed: string) => Buffer

export interface TokenParts {
  readonly algorithm?: string
  readonly claims: object
  readonly signer: TokenSigner
}

/** A token of three parts; its header says PS256 unless `algorithm` says otherwise. */
export function mintToken({ algorithm = 'PS256', claims, signer }: TokenParts): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${signer(signed).toString('base64url')}`
}

export function pssSigner(key: KeyObject, saltLength = 32): TokenSigner {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return (signed) => sign('sha256', Buffer.from(signed), { key, padding, saltLength })
}

export function pkcs1Signer(key: KeyObject): TokenSigner {
  return (signed) => sign('sha256', Buffer.from(signed), key)
}

export function hmacSigner(secret: string): TokenSigner {
  return (signed) => createHmac('sha256', secret).update(signed).digest()
}

export interface RsaKey {
  readonly privateKey: KeyObject
  /** `BEGIN PUBLIC KEY`, as AWS hands it out. */
  readonly publicKeyPem: string
}

export function createRsaKey(bits: number): RsaKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  return { privateKey, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}
