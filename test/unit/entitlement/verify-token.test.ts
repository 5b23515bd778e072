import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { verifyToken } from '../../../src/entitlement/register-usage/verify-token.ts'
import { createRsaKey, encodePart, signToken, type TestKey } from './support.ts'

const key = createRsaKey()
const shortKey = createRsaKey(1024)
const expected = { productCode: 'prod1', publicKeyVersion: 1, nonce: 'nonce-1' }
const nowSeconds = Math.floor(Date.now() / 1000)
const claims = { productCode: 'prod1', publicKeyVersion: 1, nonce: 'nonce-1', iat: 1_763_000_000 }

async function codeOf(token: string, pem = key.pem): Promise<string> {
  const given = await verifyToken({ token, pem, expected })
  return given.ok ? 'ok' : given.failure.code
}

describe.each<[string, TestKey, readonly RegExp[]]>([
  ['a key of 2048 bits', key, []],
  ['a key of 1024 bits', shortKey, [/1024 bits/]],
])('%s', (_, signer, warnings) => {
  const accepted = (payload: unknown) =>
    verifyToken({ token: signToken(signer, payload), pem: signer.pem, expected })
  const refusal = (token: string) => codeOf(token, signer.pem)

  test('accepts a token of AWS and warns only when it is short', async () => {
    const given = await accepted(claims)
    expect(given.ok).toBe(true)
    expect(given.ok && given.value).toEqual(warnings.map((each) => expect.stringMatching(each)))
  })

  test.each([
    [
      'names as in the prose of AWS',
      { ProductCode: 'prod1', PublicKeyVersion: 1, Nonce: 'nonce-1' },
    ],
    ['a version in digits', { ...claims, publicKeyVersion: '1' }],
    ['both spellings that agree', { ...claims, ProductCode: 'prod1', Nonce: 'nonce-1' }],
    ['no iat', { ...claims, iat: undefined }],
    ['an iat an hour ago', { ...claims, iat: nowSeconds - 3600 }],
    ['an iat in an hour', { ...claims, iat: nowSeconds + 3600 }],
    ['an iat in the far future', { ...claims, iat: 9_999_999_999 }],
    ['an iat that is not a number', { ...claims, iat: 'today' }],
    ['claims that are not known', { ...claims, region: 'eu-west-1', nested: { nonce: 'other' } }],
  ])('accepts %s', async (_name, payload) => {
    expect(await accepted(payload)).toMatchObject({ ok: true })
  })

  test('refuses a signature by another key', async () => {
    const other = createRsaKey(signer === key ? 2048 : 1024)
    expect(await refusal(signToken(other, claims))).toBe('TokenSignatureInvalid')
  })

  test.each([0, 20, 31, 33, 64])('refuses a salt of %i bytes', async (saltLength) => {
    const token = signToken(signer, claims, { saltLength })
    expect(await refusal(token)).toBe('TokenSignatureInvalid')
  })

  test('refuses claims that were changed after signing', async () => {
    const [header, , signature] = signToken(signer, { ...claims, nonce: 'old' }).split('.')
    const token = `${header}.${encodePart(claims)}.${signature}`
    expect(await refusal(token)).toBe('TokenSignatureInvalid')
  })

  test('refuses a header that was changed after signing', async () => {
    const [, payload, signature] = signToken(signer, claims).split('.')
    const token = `${encodePart({ alg: 'PS256' })}.${payload}.${signature}`
    expect(await refusal(token)).toBe('TokenSignatureInvalid')
  })

  test('refuses a signature that was cut off', async () => {
    const token = signToken(signer, claims)
    expect(await refusal(token.slice(0, -8))).toBe('TokenSignatureInvalid')
    expect(await refusal(token.slice(0, token.lastIndexOf('.') + 1))).toBe('TokenSignatureInvalid')
  })

  test('refuses characters that are not base64url in the signature', async () => {
    expect(await refusal(`${signToken(signer, claims)}=`)).toBe('TokenSignatureInvalid')
    expect(await refusal(`${signToken(signer, claims)}\n`)).toBe('TokenSignatureInvalid')
  })

  test.each([
    ['another nonce', { ...claims, nonce: 'nonce-2' }, 'TokenNonceMismatch'],
    ['a nonce that is not a text', { ...claims, nonce: ['nonce-1'] }, 'TokenNonceMismatch'],
    ['another product', { ...claims, productCode: 'prod2' }, 'TokenProductMismatch'],
    ['another version', { ...claims, publicKeyVersion: 2 }, 'TokenKeyVersionMismatch'],
    [
      'a version that is not a number',
      { ...claims, publicKeyVersion: '1.0' },
      'TokenKeyVersionMismatch',
    ],
    ['a version of true', { ...claims, publicKeyVersion: true }, 'TokenKeyVersionMismatch'],
    ['no nonce', { ...claims, nonce: undefined }, 'TokenClaimMissing'],
    ['a nonce of null', { ...claims, nonce: null }, 'TokenClaimMissing'],
    ['no product', { ...claims, productCode: undefined }, 'TokenClaimMissing'],
    ['no version', { ...claims, publicKeyVersion: undefined }, 'TokenClaimMissing'],
    ['spellings that differ', { ...claims, ProductCode: 'prod2' }, 'TokenMalformed'],
    ['a list', [claims], 'TokenMalformed'],
    ['null', null, 'TokenMalformed'],
    ['no JSON', 'nonce-1', 'TokenMalformed'],
  ])('refuses %s', async (_name, payload, code) => {
    expect(await refusal(signToken(signer, payload))).toBe(code)
  })

  test('refuses a claim that is named twice', async () => {
    const twice = JSON.stringify(claims).replace('{', '{"nonce":"other",')
    expect(await refusal(signToken(signer, twice))).toBe('TokenMalformed')
    const escaped = JSON.stringify(claims).replace('{', '{"n\\u006fnce":"nonce-1",')
    expect(await refusal(signToken(signer, escaped))).toBe('TokenMalformed')
  })

  test('uses no claim from a prototype', async () => {
    const payload = `{"__proto__":${JSON.stringify(claims)}}`
    expect(await refusal(signToken(signer, payload))).toBe('TokenClaimMissing')
  })
})

describe('the algorithm', () => {
  const unsigned = (header: unknown) => `${encodePart(header)}.${encodePart(claims)}`

  test.each(['none', 'None', 'ps256', 'PS384', '', null, undefined, 256, ['PS256']])(
    'refuses %j',
    async (alg) => {
      const token = signToken(key, claims, { header: { alg } })
      expect(await codeOf(token)).toBe('TokenAlgorithmRefused')
    },
  )

  test('refuses a token without a signature', async () => {
    expect(await codeOf(`${unsigned({ alg: 'none' })}.`)).toBe('TokenAlgorithmRefused')
  })

  test('refuses HS256 with the public key as the secret', async () => {
    const input = unsigned({ alg: 'HS256', typ: 'JWT' })
    const signature = createHmac('sha256', key.pem).update(input).digest('base64url')
    expect(await codeOf(`${input}.${signature}`)).toBe('TokenAlgorithmRefused')
  })

  test('refuses RS256, and its signature under the name PS256', async () => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256' })
      .sign(key.privateKey)
    expect(await codeOf(token)).toBe('TokenAlgorithmRefused')
    const input = unsigned({ alg: 'PS256' })
    const signature = sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')
    expect(await codeOf(`${input}.${signature}`)).toBe('TokenSignatureInvalid')
  })

  test.each(['ES256', 'PS256'])(
    'refuses a signature by an elliptic curve under the name %s',
    async (alg) => {
      const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const input = unsigned({ alg })
      const signature = sign('sha256', Buffer.from(input), {
        key: curve.privateKey,
        dsaEncoding: 'ieee-p1363',
      })
      const refusal = alg === 'PS256' ? 'TokenSignatureInvalid' : 'TokenAlgorithmRefused'
      expect(await codeOf(`${input}.${signature.toString('base64url')}`)).toBe(refusal)
    },
  )

  test('refuses a token of an earlier registration, whichever key signed it', async () => {
    const earlier = signToken(key, { ...claims, nonce: 'the nonce of yesterday' })
    expect(await codeOf(earlier)).toBe('TokenNonceMismatch')
  })

  test('accepts what jose signs with PS256', async () => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT' })
      .sign(key.privateKey)
    expect(await codeOf(token)).toBe('ok')
  })

  test.each([{ crit: ['b64'], b64: false }, { crit: ['exp'] }, { b64: false }])(
    'refuses the header members %j',
    async (more) => {
      const token = signToken(key, claims, { header: { alg: 'PS256', ...more } })
      expect(await codeOf(token)).toBe('TokenMalformed')
    },
  )

  test('uses no key from the header', async () => {
    const other = createRsaKey()
    const jwk = other.privateKey.export({ format: 'jwk' })
    const header = { alg: 'PS256', jwk: { kty: jwk.kty, n: jwk.n, e: jwk.e }, kid: '1' }
    expect(await codeOf(signToken(other, claims, { header }))).toBe('TokenSignatureInvalid')
  })

  test('refuses a header that names the algorithm twice', async () => {
    const header = '{"alg":"none","alg":"PS256"}'
    expect(await codeOf(signToken(key, claims, { header }))).toBe('TokenMalformed')
  })

  test('refuses an algorithm from a prototype', async () => {
    const header = '{"__proto__":{"alg":"PS256"}}'
    expect(await codeOf(signToken(key, claims, { header }))).toBe('TokenAlgorithmRefused')
  })
})

describe('the form', () => {
  const good = signToken(key, claims)

  test.each([
    ['nothing', ''],
    ['one part', 'abc'],
    ['two parts', good.slice(0, good.lastIndexOf('.'))],
    ['a payload that breaks off', good.slice(0, good.indexOf('.') + 20)],
    ['a dot too many in the middle', good.replace('.', '..')],
    ['a fourth part', `${good}.`],
    ['a fifth part', `${good}.a.b`],
    ['dots alone', '..'],
    ['a space in front', ` ${good}`],
    ['a header that is not JSON', `${encodePart('x')}.${encodePart(claims)}.AAAA`],
    ['a header that is not UTF-8', `_____w.${encodePart(claims)}.AAAA`],
    ['more than 16 KiB', signToken(key, { ...claims, filler: 'x'.repeat(16_384) })],
    ['1 MB', signToken(key, { ...claims, filler: 'x'.repeat(1_000_000) })],
    ['1 MB of dots', '.'.repeat(1_000_000)],
    ['very much more', 'a'.repeat(50_000_000)],
  ])('refuses %s', async (_name, token) => {
    expect(await codeOf(token)).toBe('TokenMalformed')
  })

  test('a token below the bound is read', async () => {
    expect(await codeOf(signToken(key, { ...claims, filler: 'x'.repeat(10_000) }))).toBe('ok')
  })
})

describe('the pinned key', () => {
  const token = signToken(key, claims)

  test('may have other line ends and space around it', async () => {
    expect(await codeOf(token, `\r\n${key.pem.replaceAll('\n', '\r\n')}\n\n`)).toBe('ok')
  })

  test('that cannot be read is named as the cause', async () => {
    expect(await codeOf(token, 'no key')).toBe('PublicKeyUnusable')
    expect(await codeOf(token, key.pem.slice(0, 90))).toBe('PublicKeyUnusable')
  })

  test('of another kind is refused', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(await codeOf(token, pem)).toBe('PublicKeyUnusable')
  })

  test('below 1024 bits is refused', async () => {
    const tiny = createRsaKey(768)
    expect(await codeOf(signToken(tiny, claims), tiny.pem)).toBe('PublicKeyUnusable')
  })
})
