import { createPublicKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { startHarness, type SidecarOptions } from '../../support/sidecar/sidecar-harness.ts'

async function createBench(options: SidecarOptions = {}) {
  const harness = await startHarness(options)
  onTestFinished(() => harness.close())
  const prove = (nonce: string) =>
    harness.get(`/v1/entitlement/proof?nonce=${encodeURIComponent(nonce)}`)
  return { harness, aws: harness.aws, prove }
}

const nonce = 'n'.repeat(16)

test("the proof is AWS's token for the application's own nonce", async () => {
  const { prove, aws } = await createBench()
  const { status, headers, body } = await prove(nonce)
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toMatchObject({ nonce, publicKeyVersion: 1 })
  const key = createPublicKey(aws.emulator.publicKeyPem())
  const { payload } = await jwtVerify(String(body['token']), key, { algorithms: ['PS256'] })
  expect(payload).toMatchObject({ nonce, productCode: body['productCode'], publicKeyVersion: 1 })
})

test('a nonce that already has a proof causes no call of AWS', async () => {
  const { prove, harness } = await createBench()
  const first = await prove(nonce)
  const asked = (await harness.calls()).length
  expect((await prove(nonce)).body).toEqual(first.body)
  expect(await harness.calls()).toHaveLength(asked)
})

test.each([
  ['missing', ''],
  ['15 characters long', 'n'.repeat(15)],
  ['256 characters long', 'n'.repeat(256)],
  ['not printable', `${nonce}\n`],
])('a nonce that is %s is refused', async (_, wrong) => {
  const { prove } = await createBench()
  expect(await prove(wrong)).toMatchObject({ status: 400, body: { code: 'InvalidNonce' } })
  expect((await prove('n'.repeat(255))).status).toBe(200)
})

test('the eleventh proof in a row has to wait, and the plain check does not', async () => {
  const { prove, harness } = await createBench()
  await harness.entitled()
  for (let count = 0; count < 10; count += 1)
    expect((await prove(`${nonce}-${count}`)).status).toBe(200)
  const refused = await prove(`${nonce}-10`)
  expect(refused).toMatchObject({ status: 429, body: { code: 'TooManyProofs' } })
  expect(Number(refused.headers.get('retry-after'))).toBe(refused.body['retryAfterSeconds'])
  expect((await harness.get('/v1/entitlement')).status).toBe(200)
})

test('a product that is only metered has no proof, and the answer says why', async () => {
  const { prove } = await createBench({
    settings: { SIDECAR_ROUTE: 'metered', SIDECAR_PUBLIC_KEY_FILE: undefined },
  })
  const { status, body } = await prove(nonce)
  expect(status).toBe(409)
  expect(body).toMatchObject({ code: 'ProofNotAvailable' })
  expect(body['detail']).toMatch(/only to RegisterUsage/)
})

test('a temporary failure is retried, and a refusal by AWS is not', async () => {
  const { prove, aws, harness } = await createBench()
  await harness.entitled()
  const fault = (error: string) => aws.control('faults', { operation: 'RegisterUsage', error })
  await fault('InternalServiceErrorException')
  const unavailable = await prove(nonce)
  expect(unavailable).toMatchObject({ status: 503, body: { code: 'ProofUnavailable' } })
  expect(unavailable.headers.get('retry-after')).toBe('5')
  await fault('PlatformNotSupportedException')
  const refused = await prove(nonce)
  expect(refused).toMatchObject({ status: 403, body: { code: 'ProofRefused' } })
  expect(refused.body['detail']).toMatch(/PlatformNotSupportedException/)
  expect((await prove(nonce)).status).toBe(200)
})
