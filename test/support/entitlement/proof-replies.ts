import type { KeyObject } from 'node:crypto'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { replyWith, type ProofReply } from '../doctor/false-sidecar.ts'
import { hmacSigner, mintToken, pkcs1Signer, pssSigner } from '../aws/mint-token.ts'

export interface FalseWorld {
  /** AWS's, with which a false sidecar cannot sign its own content. */
  readonly privateKey: KeyObject
  readonly publicKeyPem: string
  readonly otherKey: KeyObject
}

type ReplyMaker = (world: FalseWorld) => ProofReply

const claimsFor = (nonce: string) => ({
  productCode: demoProduct.productCode,
  publicKeyVersion: 1,
  nonce,
  iat: 1_773_133_000,
})

/** A token whose text depends on the nonce, inside an answer like the sidecar's. */
const token =
  (make: (nonce: string, world: FalseWorld) => string): ReplyMaker =>
  (world) =>
  (nonce, response) =>
    replyWith({ token: make(nonce, world), nonce, publicKeyVersion: 1 })(nonce, response)

/** Signed by AWS for these claims. */
const genuine = (claims: (nonce: string) => object) =>
  token((nonce, { privateKey }) =>
    mintToken({ claims: claims(nonce), signer: pssSigner(privateKey) }),
  )

const always =
  (...reply: Parameters<typeof replyWith>): ReplyMaker =>
  () =>
    replyWith(...reply)

export const holds = genuine(claimsFor)

/** Refuses with `status` once, then gives the proof. */
const later =
  (status: number): ReplyMaker =>
  (world) => {
    let refused = false
    return (nonce, response) => {
      if (refused) return holds(world)(nonce, response)
      refused = true
      replyWith({ code: 'ProofUnavailable' }, status, { 'retry-after': '1' })(nonce, response)
    }
  }

export const acceptedReplies: readonly {
  readonly name: string
  readonly reply: ReplyMaker
  readonly requests?: number
}[] = [
  { name: 'a token of AWS', reply: holds },
  {
    name: 'a token with claims in capitals and the version as digits',
    reply: genuine((Nonce) => ({
      Nonce,
      ProductCode: demoProduct.productCode,
      PublicKeyVersion: '1',
    })),
  },
  { name: 'a token after 503', reply: later(503), requests: 2 },
  { name: 'a token after 429', reply: later(429), requests: 2 },
]

const noToken = /no PS256 token|not signed by AWS|IndexOutOfBounds/
const unsigned = /not signed by AWS|SignatureException/
const unusable =
  /no PS256 token|not signed by AWS|IllegalArgument|cannot be reached|answered \?\?\?/
// Java itself repeats a request when a connection is cut.
const noAnswer = /cannot be reached|IOException|answered (?:000|200)|no proof in/
const noPatience = /no proof in|answered (?:000|503)/

export const falsehoods: readonly {
  readonly name: string
  readonly reply: ReplyMaker
  readonly reason: RegExp
}[] = [
  {
    name: 'a token with the algorithm none',
    reply: token((nonce) =>
      mintToken({ algorithm: 'none', claims: claimsFor(nonce), signer: () => Buffer.of() }),
    ),
    reason: noToken,
  },
  {
    name: 'a token without a signature',
    reply: token((nonce) => mintToken({ claims: claimsFor(nonce), signer: () => Buffer.of() })),
    reason: unsigned,
  },
  {
    name: 'a token that is signed with a foreign key',
    reply: token((nonce, { otherKey }) =>
      mintToken({ claims: claimsFor(nonce), signer: pssSigner(otherKey) }),
    ),
    reason: unsigned,
  },
  {
    name: 'a token of AWS for an earlier nonce',
    reply: genuine(() => claimsFor('an-earlier-nonce-of-the-program')),
    reason: /another nonce/,
  },
  {
    name: 'a token of AWS whose nonce was replaced',
    reply: token((nonce, { privateKey }) => {
      const old = mintToken({
        claims: claimsFor('an-earlier-nonce'),
        signer: pssSigner(privateKey),
      })
      const [header, , signature] = old.split('.')
      const claims = Buffer.from(JSON.stringify(claimsFor(nonce))).toString('base64url')
      return [header, claims, signature].join('.')
    }),
    reason: unsigned,
  },
  {
    name: 'a token of AWS for another product',
    reply: genuine((nonce) => ({ ...claimsFor(nonce), productCode: 'another-product' })),
    reason: /another product/,
  },
  {
    name: 'a token of AWS for another key version',
    reply: genuine((nonce) => ({ ...claimsFor(nonce), publicKeyVersion: 12 })),
    reason: /another publicKeyVersion/,
  },
  {
    name: 'a token of AWS without a nonce',
    reply: genuine((nonce) => ({ ...claimsFor(nonce), nonce: undefined })),
    reason: /another nonce/,
  },
  {
    name: 'HS256 with the public key as the secret',
    reply: token((nonce, { publicKeyPem }) =>
      mintToken({
        algorithm: 'HS256',
        claims: claimsFor(nonce),
        signer: hmacSigner(publicKeyPem.trim()),
      }),
    ),
    reason: noToken,
  },
  {
    name: 'RS256 with the right key',
    reply: token((nonce, { privateKey }) =>
      mintToken({ algorithm: 'RS256', claims: claimsFor(nonce), signer: pkcs1Signer(privateKey) }),
    ),
    reason: noToken,
  },
  {
    name: 'a signature of PS256 under another name',
    reply: token((nonce, { privateKey }) =>
      mintToken({ algorithm: 'PS384', claims: claimsFor(nonce), signer: pssSigner(privateKey) }),
    ),
    reason: noToken,
  },
  {
    name: 'a salt of 20 bytes',
    reply: token((nonce, { privateKey }) =>
      mintToken({ claims: claimsFor(nonce), signer: pssSigner(privateKey, 20) }),
    ),
    reason: unsigned,
  },
  {
    name: 'a token with a fourth part',
    reply: token((nonce, { privateKey }) => {
      const signer = pssSigner(privateKey)
      return `${mintToken({ claims: claimsFor(nonce), signer })}.AAAA`
    }),
    reason: unusable,
  },
  { name: 'an empty answer', reply: always(''), reason: unusable },
  { name: 'an answer that says yes', reply: always({ entitled: true }), reason: unusable },
  { name: 'a token that is a number', reply: always({ token: 1 }), reason: unusable },
  { name: 'a token of dots', reply: always({ token: '..' }), reason: unusable },
  {
    name: 'binary garbage',
    reply: always(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) % 256))),
    reason: unusable,
  },
  { name: 'deep JSON', reply: always('['.repeat(60_000)), reason: unusable },
  {
    name: 'a token of five million characters',
    reply: always({ token: `a.b.${'c'.repeat(5_000_000)}` }),
    reason: unusable,
  },
  {
    name: 'an answer without an end',
    reply: () => (_, response) => {
      const chunk = 'a'.repeat(65_536)
      const more = () => {
        while (response.write(chunk));
      }
      response.on('drain', more)
      more()
    },
    reason: unusable,
  },
  { name: 'a plain no', reply: always({ code: 'x\n' }, 403), reason: /answered 403/ },
  {
    name: 'a connection that is cut',
    reply: () => (_, response) => response.destroy(),
    reason: noAnswer,
  },
  {
    name: 'a promise for later',
    reply: always('', 503, { 'retry-after': '99999' }),
    reason: noPatience,
  },
  { name: 'silence', reply: () => () => {}, reason: noPatience },
]
