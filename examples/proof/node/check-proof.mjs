// Exits with 0 if AWS Marketplace has signed that the product may run here. docs/proof.md says more.
import { constants, createPublicKey, randomBytes, verify } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

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

function attempt(action, reason) {
  try {
    return action()
  } catch {
    return refuse(reason)
  }
}

async function fetchToken(nonce) {
  for (;;) {
    const response = await fetch(`${sidecar}/v1/entitlement/proof?nonce=${nonce}`)
    if (response.status === 200) {
      let text = ''
      for await (const chunk of response.body) {
        text += Buffer.from(chunk).toString('latin1')
        if (text.length > 65_536) refuse('the answer holds no token')
      }
      return attempt(() => String(JSON.parse(text).token), 'the answer holds no token')
    }
    if (response.status !== 429 && response.status !== 503)
      refuse(`the sidecar answered ${response.status} instead of a proof`)
    const [seconds] = /^\d{1,5}$/.exec(response.headers.get('retry-after')) ?? [5]
    await sleep(seconds * 1000)
  }
}

setTimeout(() => refuse(`no proof within ${patienceSeconds} seconds`), patienceSeconds * 1000).unref()
const key = attempt(() => createPublicKey(publicKey), 'the public key cannot be read')
const nonce = randomBytes(32).toString('base64url')
const token = await fetchToken(nonce).catch(() => refuse('the sidecar cannot be reached'))
const [header, payload, signature, ...rest] = token.split('.')
if (signature === undefined || rest.length > 0) refuse('the answer holds no token')
const decode = (part) => Object(JSON.parse(Buffer.from(part, 'base64url')))
if (attempt(() => decode(header).alg, 'the answer holds no token') !== 'PS256')
  refuse('the token is not PS256')
const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
if (!verify('sha256', `${header}.${payload}`, pss, Buffer.from(signature, 'base64url')))
  refuse('the token is not signed by AWS')

const claims = decode(payload)
if ((claims.nonce ?? claims.Nonce) !== nonce) refuse('the token is for another nonce')
if ((claims.productCode ?? claims.ProductCode) !== productCode) refuse('the token is for another product')
if (Number(claims.publicKeyVersion ?? claims.PublicKeyVersion) !== publicKeyVersion)
  refuse('the token is for another key version')
console.log(`proof holds: AWS Marketplace has signed for ${productCode}`)
