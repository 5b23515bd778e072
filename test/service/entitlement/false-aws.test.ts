import { afterEach, describe, expect, test } from 'vitest'
import { defaultBakedProductFile } from '../../../src/config/load-settings.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'
import { startEmulator } from '../emulator/harness.ts'

let harness: SidecarHarness
afterEach(() => harness.close())

/** What a seller bakes in: the settings of the harness that describe the product are in the file. */
const ofTheFile = {
  SIDECAR_PRODUCT_CODE: undefined,
  SIDECAR_ROUTE: undefined,
  SIDECAR_PUBLIC_KEY_FILE: undefined,
  SIDECAR_DIMENSIONS: undefined,
}
const baked = (settings: Readonly<Record<string, string>> = {}) => ({
  [defaultBakedProductFile]: JSON.stringify({
    productCode: demoProduct.productCode,
    route: 'metered',
    dimensions: demoProduct.dimensions,
    settings,
  }),
})

describe('a buyer’s own server in AWS’s place', () => {
  test('makes no one entitled where the product file is baked in, and swallows no usage', async () => {
    harness = await startHarness({ settings: ofTheFile, files: baked() })
    const { status, body } = await harness.get('/v1/entitlement?wait=10')
    expect(status).toBe(403)
    expect(body).toMatchObject({ state: 'denied', code: 'EndpointNotAws' })
    expect(body['message']).toContain('not an https address of AWS Marketplace Metering')
    expect((await harness.post({ dimension: 'requests', quantity: 3 })).status).toBe(200)
    await harness.endHour()
    await harness.attempts(1)
    expect(await harness.calls()).toEqual([])
  })

  test('is what a seller names in the file to try the image, and no one else', async () => {
    const aws = await startEmulator()
    const names = { SIDECAR_AWS_ENDPOINT: aws.url }
    const settings = { ...ofTheFile, SIDECAR_AWS_ENDPOINT: undefined }
    harness = await startHarness({ aws, settings, files: baked(names) })
    expect((await harness.get('/v1/entitlement?wait=10')).status).toBe(200)
  })

  test('is called where the product is not baked in', async () => {
    harness = await startHarness({ settings: { SIDECAR_ROUTE: 'metered' } })
    expect((await harness.get('/v1/entitlement?wait=10')).status).toBe(200)
  })
})
