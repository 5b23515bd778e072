import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  readonly names: readonly string[]
  readonly organization?: string
  readonly notBefore?: string
  readonly notAfter?: string
}

/** A self-signed certificate for tests, because Node cannot create one. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = tbsCertificate(options, publicKey.export({ type: 'spki', format: 'der' }))
  const certificate = sequence(body, ecdsaWithSha256, bitString(signatureOf(body, privateKey)))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function tbsCertificate(options: CertificateOptions, publicKey: Buffer): Buffer {
  const {
    names,
    organization = 'Test',
    notBefore = '2020-01-01',
    notAfter = '2049-01-01',
  } = options
  const who = sequence(
    attribute([0x55, 0x04, 0x0a], organization),
    attribute([0x55, 0x04, 0x03], names[0] ?? ''),
  )
  const alternatives = sequence(...names.map((name) => element(0x82, Buffer.from(name))))
  const basicConstraints = extension(
    [0x55, 0x1d, 0x13],
    sequence(element(0x01, Buffer.from([0xff]))),
  )
  return sequence(
    element(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    who,
    sequence(time(notBefore), time(notAfter)),
    who,
    publicKey,
    element(0xa3, sequence(basicConstraints, extension([0x55, 0x1d, 0x11], alternatives))),
  )
}

function signatureOf(body: Buffer, key: KeyObject): Buffer {
  return sign('sha256', body, key)
}

const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))

function attribute(type: readonly number[], text: string): Buffer {
  return element(0x31, sequence(oid(type), element(0x0c, Buffer.from(text))))
}

function extension(type: readonly number[], value: Buffer): Buffer {
  return sequence(oid(type), element(0x04, value))
}

function time(day: string): Buffer {
  return element(0x17, Buffer.from(`${day.slice(2).replaceAll('-', '')}000000Z`))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, ...parts)
}

function integer(value: number): Buffer {
  return element(0x02, Buffer.from([value]))
}

function oid(bytes: readonly number[]): Buffer {
  return element(0x06, Buffer.from(bytes))
}

function bitString(bytes: Buffer): Buffer {
  return element(0x03, Buffer.from([0]), bytes)
}

/** Encodes DER: a tag, the length in as few bytes as possible, the content. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
