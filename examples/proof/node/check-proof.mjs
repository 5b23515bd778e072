// Exits with 0 if AWS Marketplace has signed that the product may run here; see docs/guides/proof.md.
import { constants, createPublicKey, randomBytes, verify } from 'node:crypto'

const publicKey = `-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----`
const publicKeyVersion = 1
const productCode = 'your-product-code'
const sidecar = 'http://localhost:7070'
const patienceSeconds = 60

function refuse(reason) {
  console.error(`proof refused: ${reason}`)
  process.exit(1)
}

async function fetchAnswer(nonce) {
  for (;;) {
    const response = await fetch(`${sidecar}/v1/entitlement/proof?nonce=${nonce}`)
    if (response.status === 200) {
      let text = ''
      for await (const chunk of response.body)
        if ((text += Buffer.from(chunk)).length > 65_536) break
      return text
    }
    if (response.status !== 429 && response.status !== 503)
      refuse(`the sidecar answered ${response.status} instead of a proof`)
    const [seconds] = /^\d{1,5}$/.exec(response.headers.get('retry-after')) ?? [5]
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  }
}

const parse = (part) => JSON.parse(Buffer.from(part, 'base64url'))

async function readToken(answer) {
  const [header, payload, signature, ...rest] = JSON.parse(answer).token.split('.')
  if (signature === undefined || rest.length > 0) throw new TypeError('not three parts')
  return { algorithm: parse(header).alg, header, payload, signature }
}

setTimeout(() => refuse(`no proof in ${patienceSeconds} s`), patienceSeconds * 1000).unref()
const readKey = async () => createPublicKey(publicKey)
const key = await readKey().catch(() => refuse('the public key cannot be read'))
const nonce = randomBytes(32).toString('base64url')
const answer = await fetchAnswer(nonce).catch(() => refuse('the sidecar cannot be reached'))
const token = await readToken(answer).catch(() => refuse('no PS256 token in the answer'))
if (token.algorithm !== 'PS256') refuse('no PS256 token in the answer')
const signed = Buffer.from(`${token.header}.${token.payload}`)
const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
if (!verify('sha256', signed, pss, Buffer.from(token.signature, 'base64url')))
  refuse('the token is not signed by AWS')
const claims = parse(token.payload)
for (const [name, value] of Object.entries({ nonce, productCode, publicKeyVersion })) {
  const claim = claims[name] ?? claims[name[0].toUpperCase() + name.slice(1)]
  if (String(claim) !== String(value)) refuse(`the token is for another ${name}`)
}
console.log(`proof holds: AWS Marketplace has signed for ${productCode}`)
