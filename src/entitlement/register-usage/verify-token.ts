import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import { parseMembers } from './parse-members.ts'

/** Why a token proves nothing. Never renamed. */
export const tokenCodes = [
  'TokenMalformed',
  'TokenAlgorithmRefused',
  'TokenSignatureInvalid',
  'TokenNonceMismatch',
  'TokenProductMismatch',
  'TokenKeyVersionMismatch',
  'TokenClaimMissing',
  'PublicKeyUnusable',
] as const
export type TokenCode = (typeof tokenCodes)[number]

export interface VerifyTokenRequest {
  /** The `Signature` of RegisterUsage. */
  readonly token: string
  /** The seller's pinned public key. */
  readonly pem: string
  /** What was sent to RegisterUsage. */
  readonly expected: {
    readonly productCode: string
    readonly publicKeyVersion: number
    readonly nonce: string
  }
}

export interface RefusedToken {
  readonly ok: false
  readonly code: TokenCode
  readonly message: string
}

/** `warnings` are sentences for the operator. */
export type VerifiedToken =
  { readonly ok: true; readonly warnings: readonly string[] } | RefusedToken

const longestToken = 16 * 1024
const saltLength = 32
/** jose, as RFC 7518 asks, takes no shorter key; AWS has handed out keys of 1024 bits. */
const shortestJoseKeyBits = 2048
const shortestKeyBits = 1024

/**
 * Whether a token of RegisterUsage was signed with the pinned key, by PS256 and nothing else, and
 * answers this very registration. Time has no say: the fresh nonce rules out replays, and a wrong
 * clock must not keep a buyer out. Never throws and never rejects.
 */
export async function verifyToken(request: VerifyTokenRequest): Promise<VerifiedToken> {
  const { token, pem, expected } = request
  if (token.length > longestToken) {
    return refused('TokenMalformed', `is longer than ${longestToken} characters`)
  }
  const [header, payload, signature, ...rest] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    return refused('TokenMalformed', 'does not consist of three parts')
  }
  const headerProblem = checkHeader(header)
  if (headerProblem !== undefined) return headerProblem

  const key = readKey(pem)
  if ('code' in key) return key
  const signed = key.bits < shortestJoseKeyBits ? verifyWithShortKey : verifyWithJose
  if (!isBase64url(signature) || !(await signed(header, payload, signature, key.object))) {
    const { publicKeyVersion } = expected
    return refused(
      'TokenSignatureInvalid',
      `was not signed with the public key of version ${publicKeyVersion} in the product file. Compare that key with the one in the portal; if they are the same, something between here and AWS answers in its place`,
    )
  }
  return checkClaims(payload, expected) ?? { ok: true, warnings: warningsFor(key.bits) }
}

function checkHeader(part: string): RefusedToken | undefined {
  const header = decodeMembers(part)
  if (header === undefined) return refused('TokenMalformed', 'has a header that is no JSON object')
  const algorithm = header.get('alg')
  if (algorithm !== 'PS256') {
    const name = JSON.stringify(algorithm)?.slice(0, 40) ?? 'no algorithm'
    return refused('TokenAlgorithmRefused', `is signed by ${name}; only PS256 counts`)
  }
  if (header.has('crit') || header.has('b64')) {
    return refused('TokenMalformed', 'has header members that change how it must be read')
  }
  return undefined
}

function readKey(pem: string): { object: KeyObject; bits: number } | RefusedToken {
  let object: KeyObject
  try {
    object = createPublicKey(pem)
  } catch {
    return unusable('is no PEM that can be read')
  }
  const bits = object.asymmetricKeyDetails?.modulusLength ?? 0
  if (object.asymmetricKeyType !== 'rsa') return unusable('is no RSA key')
  if (bits < shortestKeyBits) return unusable(`has ${bits} bits, fewer than ${shortestKeyBits}`)
  return { object, bits }
}

async function verifyWithJose(
  header: string,
  payload: string,
  signature: string,
  key: KeyObject,
): Promise<boolean> {
  try {
    await compactVerify(`${header}.${payload}.${signature}`, key, { algorithms: ['PS256'] })
    return true
  } catch {
    return false
  }
}

async function verifyWithShortKey(
  header: string,
  payload: string,
  signature: string,
  key: KeyObject,
): Promise<boolean> {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  try {
    return verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key, padding, saltLength },
      Buffer.from(signature, 'base64url'),
    )
  } catch {
    return false
  }
}

function checkClaims(
  part: string,
  expected: VerifyTokenRequest['expected'],
): RefusedToken | undefined {
  const claims = decodeMembers(part)
  if (claims === undefined) return refused('TokenMalformed', 'has a payload that is no JSON object')
  // AWS's prose writes the names in one way and its sample code in the other.
  const nonce = claimOf(claims, 'nonce', 'Nonce')
  const productCode = claimOf(claims, 'productCode', 'ProductCode')
  const version = claimOf(claims, 'publicKeyVersion', 'PublicKeyVersion')
  for (const claim of [nonce, productCode, version]) {
    if (claim.problem !== undefined) return claim.problem
  }
  if (nonce.value !== expected.nonce) {
    return refused(
      'TokenNonceMismatch',
      'answers another registration. Something between here and AWS replays answers',
    )
  }
  if (productCode.value !== expected.productCode) {
    return refused(
      'TokenProductMismatch',
      `is for another product than ${expected.productCode}. Compare productCode in the product file with the portal`,
    )
  }
  if (toVersion(version.value) !== expected.publicKeyVersion) {
    return refused(
      'TokenKeyVersionMismatch',
      `is for another key version than ${expected.publicKeyVersion}. Compare publicKeys in the product file with the portal`,
    )
  }
  return undefined
}

interface Claim {
  readonly value?: unknown
  readonly problem?: RefusedToken
}

function claimOf(claims: ReadonlyMap<string, unknown>, ...names: readonly string[]): Claim {
  const values = names.filter((name) => claims.has(name)).map((name) => claims.get(name))
  const [value, ...others] = values
  if (value === undefined || value === null) {
    return { problem: refused('TokenClaimMissing', `has no claim ${names.join(' or ')}`) }
  }
  if (others.some((other) => other !== value)) {
    return { problem: refused('TokenMalformed', `has two different claims ${names.join(' and ')}`) }
  }
  return { value }
}

function toVersion(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : undefined
}

function decodeMembers(part: string): ReadonlyMap<string, unknown> | undefined {
  if (!isBase64url(part)) return undefined
  try {
    return parseMembers(
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')),
    )
  } catch {
    return undefined
  }
}

function isBase64url(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text)
}

function warningsFor(bits: number): readonly string[] {
  return bits < shortestJoseKeyBits
    ? [`The product's public key has ${bits} bits only; ask AWS for one of 2048 bits or more.`]
    : []
}

function refused(code: TokenCode, problem: string): RefusedToken {
  return { ok: false, code, message: `The token that RegisterUsage returned ${problem}.` }
}

function unusable(problem: string): RefusedToken {
  const message = `The pinned public key ${problem}. Copy it anew from the portal into the product file.`
  return { ok: false, code: 'PublicKeyUnusable', message }
}
