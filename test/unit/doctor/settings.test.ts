import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { productCheck } from '../../../src/doctor/checks/check-product.ts'
import { publicKeyCheck } from '../../../src/doctor/checks/check-public-key.ts'
import { settingsCheck } from '../../../src/doctor/checks/check-settings.ts'
import {
  demoSettings,
  findingsOf,
  outcomesOf,
  publicKeyPath,
} from '../../support/doctor/test-machine.ts'

const pemOf = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
const long = pemOf(2048)
const short = pemOf(1024)

const files = (texts: Readonly<Record<string, string>>) => ({
  readText: (path: string) => texts[path],
})
const product = (more: object = {}) => ({
  '/product.json': JSON.stringify({
    productCode: 'code-1',
    publicKeys: { 1: long },
    route: 'both',
    dimensions: ['requests'],
    ...more,
  }),
})
const reader = files({ [publicKeyPath]: long })

describe('the check settings', () => {
  test('passes when all are valid', async () => {
    const findings = await findingsOf(settingsCheck, { env: demoSettings(), reader })
    expect(outcomesOf(findings)).toEqual(['pass'])
    expect(findings[0]?.message).toBe('5 are given, and all are valid.')
  })

  test('has a line for each mistake, and leaves those of the product to the next check', async () => {
    const env = demoSettings({
      SIDECAR_ROUTE: undefined,
      SIDECAR_ROUT: 'both',
      SIDECAR_LISTEN: '0.0.0.0:1',
      SIDECAR_DRAIN_DELAY_MS: '9000',
      SIDECAR_SHUTDOWN_TIMEOUT_MS: '1000',
    })
    const findings = await findingsOf(settingsCheck, { env, reader })
    expect(outcomesOf(findings)).toEqual(['WrongSetting', 'WrongSetting', 'WrongSetting'])
    const text = findings.map(({ message }) => message).join('\n')
    expect(text).toContain('did you mean SIDECAR_ROUTE?')
    expect(text).toContain('SIDECAR_LISTEN: "0.0.0.0:1" is not allowed')
    expect(text).toContain('SIDECAR_SHUTDOWN_TIMEOUT_MS: 1000 is less than')
  })
})

describe('the endpoint of a product that is baked in', () => {
  const settings = { SIDECAR_AWS_ENDPOINT: 'http://10.0.0.1' }

  test('has to be AWS', async () => {
    const machine = { env: settings, reader: files(product()) }
    const findings = await findingsOf(settingsCheck, machine)
    expect(outcomesOf(findings)).toEqual(['EndpointNotAws'])
    expect(findings[0]?.message).toContain('"http://10.0.0.1"')
  })

  test.each([
    ['a VPC endpoint', 'https://vpce-1.metering-marketplace.eu-west-1.vpce.amazonaws.com', {}],
    ['what the file names', undefined, { settings }],
  ])('may be %s', async (_, endpoint, more) => {
    const env = { SIDECAR_AWS_ENDPOINT: endpoint }
    const findings = await findingsOf(settingsCheck, { env, reader: files(product(more)) })
    expect(outcomesOf(findings)).toEqual(['pass'])
  })
})

describe('the check product', () => {
  test('names the product, and warns when the image does not decide it', async () => {
    const findings = await findingsOf(productCheck, { env: demoSettings(), reader })
    expect(outcomesOf(findings)).toEqual(['pass', 'NotBakedIn'])
    expect(findings[0]?.message).toContain('route both, dimensions: requests, storage')
  })

  test('passes a file that is baked in', async () => {
    const findings = await findingsOf(productCheck, { reader: files(product()) })
    expect(outcomesOf(findings)).toEqual(['pass'])
    expect(findings[0]?.message).toContain('according to /product.json')
  })

  test('has a line for each mistake of the file', async () => {
    const texts = product({ route: 'free', dimensions: ['a', 'a'], productCode: undefined })
    const findings = await findingsOf(productCheck, { reader: files(texts) })
    expect(outcomesOf(findings)).toEqual(['WrongProduct', 'WrongProduct', 'WrongProduct'])
  })

  test('has another fix where no file describes the product', async () => {
    const findings = await findingsOf(productCheck, { reader: files({}) })
    expect(outcomesOf(findings)).toEqual(['NotDescribed', 'NotDescribed'])
    expect(findings[0]?.fix).toContain('product init')
  })

  test('warns of what has no effect', async () => {
    const texts = product({ trustedProductCodes: ['code-1'] })
    const findings = await findingsOf(productCheck, { reader: files(texts) })
    expect(outcomesOf(findings)).toEqual(['pass', 'ProbablyNotMeant'])
  })

  test('is skipped when the settings that name it are wrong', async () => {
    const env = demoSettings({ SIDECAR_ROUTE: 'free' })
    expect(outcomesOf(await findingsOf(productCheck, { env, reader }))).toEqual(['skip'])
  })
})

describe('the check public-key', () => {
  test('names version and size, and warns of a short key', async () => {
    const texts = product({ publicKeys: { 1: short, 2: long } })
    const findings = await findingsOf(publicKeyCheck, { reader: files(texts) })
    expect(outcomesOf(findings)).toEqual(['pass', 'DoubtfulKey'])
    expect(findings[0]?.message).toBe('version 1 (RSA, 1024 bits), version 2 (RSA, 2048 bits).')
    expect(findings[1]?.message).toContain('1024 bits only')
  })

  test('needs none on the route metered', async () => {
    const texts = product({ route: 'metered', publicKeys: undefined })
    const findings = await findingsOf(publicKeyCheck, { reader: files(texts) })
    expect(findings[0]?.message).toBe('Not needed: the route metered has none.')
  })
})
