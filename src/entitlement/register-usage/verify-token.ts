import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import type { OwnCode } from '../../kernel/problems/own-code-table.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import { parseMembers } from './parse-members.ts'

/** Why a token does not prove anything. */
type TokenCode = Extract<OwnCode, `Token${string}` | 'PublicKeyUnusable'>

interface VerifyTokenRequest {
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

interface TokenFailure {
  readonly code: TokenCode
  /** What is wrong with the token or the key, and what to do. */
  readonly message: string
}

const longestToken = 16 * 1024
const saltLength = 32
/** jose refuses shorter keys, as RFC 7518 requires. AWS has handed out keys of 1024 bits. */
const shortestJoseKeyBits = 2048
const shortestKeyBits = 1024

/**
 * Checks that a token of RegisterUsage was signed with the pinned key, by PS256 and nothing else, and
 * answers this very registration. Time is not checked: the fresh nonce rules out replays, and a wrong
 * clock must not keep a buyer out. The value is sentences for the operator. Never throws or rejects.
 */
export async function verifyToken(
  request: VerifyTokenRequest,
): Promise<Result<readonly string[], TokenFailure>> {
  const { token, pem, expected } = request
  if (token.length > longestToken) {
    return refused('TokenMalformed', `is longer than ${longestToken} characters`)
  }
  const [header, payload, signature, ...rest] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    return refused('TokenMalformed', 'does not consist of three parts')
  }
  const checked = checkHeader(header)
  if (!checked.ok) return checked

  const key = readKey(pem)
  if (!key.ok) return key
  const { object, bits } = key.value
  const isSigned = bits < shortestJoseKeyBits ? verifyWithShortKey : verifyWithJose
  if (!isBase64url(signature) || !(await isSigned(header, payload, signature, object))) {
    const { publicKeyVersion } = expected
    return refused(
      'TokenSignatureInvalid',
      `was not signed with the public key of version ${publicKeyVersion} in the product file. Compare that key with the one in the portal; if they are the same, something between here and AWS answers in its place`,
    )
  }
  const claims = checkClaims(payload, expected)
  return claims.ok ? succeed(warningsFor(bits)) : claims
}

function checkHeader(part: string): Result<undefined, TokenFailure> {
  const header = decodeMembers(part)
  if (header === undefined)
    return refused('TokenMalformed', 'has a header that is not a JSON object')
  const algorithm = header.get('alg')
  if (algorithm !== 'PS256') {
    const name = JSON.stringify(algorithm)?.slice(0, 40) ?? 'no algorithm'
    return refused('TokenAlgorithmRefused', `is signed with ${name}; only PS256 is accepted`)
  }
  if (header.has('crit') || header.has('b64')) {
    return refused('TokenMalformed', 'has header members that change how it must be read')
  }
  return succeed(undefined)
}

function readKey(pem: string): Result<{ object: KeyObject; bits: number }, TokenFailure> {
  let object: KeyObject
  try {
    object = createPublicKey(pem)
  } catch {
    return unusable('is not a readable PEM')
  }
  const bits = object.asymmetricKeyDetails?.modulusLength ?? 0
  if (object.asymmetricKeyType !== 'rsa') return unusable('is not an RSA key')
  if (bits < shortestKeyBits) return unusable(`has ${bits} bits, fewer than ${shortestKeyBits}`)
  return succeed({ object, bits })
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
): Result<undefined, TokenFailure> {
  const claims = decodeMembers(part)
  if (claims === undefined)
    return refused('TokenMalformed', 'has a payload that is not a JSON object')
  // AWS's prose spells the names one way, and its sample code another.
  const nonce = claimOf(claims, 'nonce', 'Nonce')
  const productCode = claimOf(claims, 'productCode', 'ProductCode')
  const version = claimOf(claims, 'publicKeyVersion', 'PublicKeyVersion')
  if (!nonce.ok) return nonce
  if (!productCode.ok) return productCode
  if (!version.ok) return version
  if (nonce.value !== expected.nonce) {
    return refused(
      'TokenNonceMismatch',
      'answers another registration. Something between here and AWS replays answers',
    )
  }
  if (productCode.value !== expected.productCode) {
    return refused(
      'TokenProductMismatch',
      `is for a product other than ${expected.productCode}. Compare productCode in the product file with the portal`,
    )
  }
  if (toVersion(version.value) !== expected.publicKeyVersion) {
    return refused(
      'TokenKeyVersionMismatch',
      `is for a key version other than ${expected.publicKeyVersion}. Compare publicKeys in the product file with the portal`,
    )
  }
  return succeed(undefined)
}

function claimOf(
  claims: ReadonlyMap<string, unknown>,
  ...names: readonly string[]
): Result<unknown, TokenFailure> {
  const values = names.filter((name) => claims.has(name)).map((name) => claims.get(name))
  const [value, ...others] = values
  if (value === undefined || value === null) {
    return refused('TokenClaimMissing', `does not have the claim ${names.join(' or ')}`)
  }
  if (others.some((other) => other !== value)) {
    return refused('TokenMalformed', `has two different claims ${names.join(' and ')}`)
  }
  return succeed(value)
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
    ? [`The product's public key has only ${bits} bits. Ask AWS for one of 2048 bits or more.`]
    : []
}

function refused(code: TokenCode, problem: string): Result<never, TokenFailure> {
  return fail({ code, message: `The token that RegisterUsage returned ${problem}.` })
}

function unusable(problem: string): Result<never, TokenFailure> {
  const message = `The pinned public key ${problem}. Copy it again from the portal into the product file.`
  return fail({ code: 'PublicKeyUnusable', message })
}
