import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { verifyToken } from '../../../src/entitlement/register-usage/verify-token.ts'
import { callFront } from '../../support/aws/front-call.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
let timers: ManualClock
beforeEach(async () => {
  timers = new ManualClock()
  harness = await startHarness({ timers })
  await harness.entitled()
  await harness.aws.control('reset', {})
})
afterEach(async () => {
  const closed = harness.close()
  await timers.advance(60_000)
  await closed
})

const register = (Nonce: string, members: object = {}) =>
  callFront(harness.sidecar.appPort, 'RegisterUsage', {
    ProductCode: demoProduct.productCode,
    PublicKeyVersion: 1,
    Nonce,
    ...members,
  })

describe('RegisterUsage at the front', () => {
  test('gives AWS’s own token for the application’s nonce, which verifies with AWS’s key', async () => {
    const { status, body } = await register('the nonce of the application')
    expect(status).toBe(200)
    const verified = await verifyToken({
      token: String(body['Signature']),
      pem: harness.aws.emulator.publicKeyPem(),
      expected: {
        productCode: demoProduct.productCode,
        publicKeyVersion: 1,
        nonce: 'the nonce of the application',
      },
    })
    expect(verified).toMatchObject({ ok: true })
  })

  test('asks AWS once for each nonce', async () => {
    const answers = [await register('1'), await register('1'), await register('2')]
    const tokens = answers.map(({ body }) => body['Signature'])
    expect(tokens[1]).toBe(tokens[0])
    expect(tokens[2]).not.toBe(tokens[0])
    expect(await harness.calls()).toHaveLength(2)
  })

  test('leaves out a rotation that AWS does not name, and returns one that it names', async () => {
    expect(Object.keys((await register('1')).body)).toEqual(['Signature'])
    await harness.aws.control('settings', { publicKeyRotationAt: '2026-03-01T00:00:00Z' })
    const at = Date.parse('2026-03-01T00:00:00Z') / 1000
    expect((await register('2')).body).toMatchObject({ PublicKeyRotationTimestamp: at })
  })

  test('is throttled after ten nonces, until time has passed', async () => {
    for (let nonce = 1; nonce <= 10; nonce++) expect((await register(`${nonce}`)).status).toBe(200)
    expect(await register('11')).toMatchObject({
      status: 400,
      body: { __type: 'ThrottlingException', message: expect.stringMatching(/in \d+ s/) },
    })
    expect((await register('10')).status).toBe(200)
    expect(await harness.calls()).toHaveLength(10)
    await timers.advance(6000)
    expect((await register('11')).status).toBe(200)
  })

  test('of another product, or with an invalid key version, never reaches AWS', async () => {
    expect(await register('1', { ProductCode: 'another' })).toMatchObject({
      status: 400,
      body: { __type: 'InvalidProductCodeException' },
    })
    expect(await register('1', { PublicKeyVersion: 0 })).toMatchObject({
      status: 400,
      body: { __type: 'ValidationException' },
    })
    expect(await harness.calls()).toEqual([])
  })

  test('never reuses an answer that failed', async () => {
    const fault = { operation: 'RegisterUsage', error: 'InternalServiceErrorException' }
    await harness.aws.control('faults', fault)
    expect(await register('1')).toMatchObject({
      status: 500,
      body: { __type: 'InternalServiceErrorException' },
    })
    expect((await register('1')).status).toBe(200)
  })
})
