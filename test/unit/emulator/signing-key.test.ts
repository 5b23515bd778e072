import { constants, createPublicKey, verify } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, importSPKI, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSigningKey, type SigningKey } from '../../../src/emulator/signing-key.ts'

let key: SigningKey
let token: string
beforeAll(async () => {
  key = await createSigningKey()
  token = await key.sign({
    productCode: 'code',
    publicKeyVersion: 1,
    nonce: 'nonce',
    issuedAt: 1_773_133_200,
  })
})

describe('a registration token', () => {
  test('verifies with the public key', async () => {
    const publicKey = await importSPKI(key.publicKeyPem, 'PS256')
    const { payload } = await jwtVerify(token, publicKey, { algorithms: ['PS256'] })
    expect(payload).toEqual({
      productCode: 'code',
      publicKeyVersion: 1,
      nonce: 'nonce',
      iat: 1_773_133_200,
    })
  })

  test('has just an algorithm and a type in its header', () => {
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'PS256', typ: 'JWT' })
  })

  test('is salted with 32 bytes', () => {
    const [header, payload, signature] = token.split('.')
    const options = {
      key: createPublicKey(key.publicKeyPem),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    }
    const signed = Buffer.from(`${header}.${payload}`)
    expect(verify('sha256', signed, options, Buffer.from(signature ?? '', 'base64url'))).toBe(true)
  })

  test('has no nonce when none was given', async () => {
    const bare = await key.sign({
      productCode: 'code',
      publicKeyVersion: 1,
      nonce: undefined,
      issuedAt: 1,
    })
    expect(decodeJwt(bare)).toEqual({ productCode: 'code', publicKeyVersion: 1, iat: 1 })
  })

  test('comes from a key of 2048 bits in a PEM', () => {
    expect(key.publicKeyPem).toMatch(/^-----BEGIN PUBLIC KEY-----/)
    expect(createPublicKey(key.publicKeyPem).asymmetricKeyDetails?.modulusLength).toBe(2048)
  })
})
