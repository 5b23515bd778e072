import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chartOwned, settingsSchema } from '../../scripts/generate/chart-files.ts'
import { loadSettings } from '../../src/config/load-settings.ts'
import type { SettingType } from '../../src/config/settings/setting-type.ts'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { ciFiles, library, render } from './charts.ts'
import { envOf, sidecarOf } from './kubernetes-object.ts'
import { sourceDimensions } from '../support/deploy/source-dimensions.ts'

/** A value for the setting, other than its default, as a person writes it in values.yaml. */
const examples: Readonly<Record<string, unknown>> = {
  SIDECAR_SCRAPE_URL: 'http://127.0.0.1:9100/metrics',
  SIDECAR_DOCS_URL: 'https://example.com/docs',
  SIDECAR_DATA_LIMIT: '512Mi',
  SIDECAR_DATABASE_URL_FILE: '/run/database-url',
  SIDECAR_DATABASE_URL: 'postgresql://sidecar@database/usage',
  SIDECAR_LISTEN: '127.0.0.1:7171',
  SIDECAR_PRODUCT_FILE: '/run/product.json',
  SIDECAR_PRODUCT_CODE: 'code',
  SIDECAR_PUBLIC_KEY_FILE: '/run/key.pem',
  SIDECAR_DIMENSIONS: 'requests,storage/1073741824',
  SIDECAR_AWS_ENDPOINT: 'https://vpce-1.metering.marketplace.eu-west-1.vpce.amazonaws.com',
  SIDECAR_REGION: 'eu-west-1',
  SIDECAR_API_TOKEN_FILE: '/run/token',
  SIDECAR_OPERATOR_TOKEN_FILE: '/run/operator',
}

function exampleOf(name: string, type: SettingType): unknown {
  if (type.kind === 'integer') return type.max
  if (type.kind === 'boolean') return true
  if (type.kind === 'choice') return type.choices.at(-1)
  const example = examples[name]
  if (example === undefined) throw new Error(`${name} needs an example`)
  return example
}

const settable = settingsTable.filter(({ name }) => !chartOwned.includes(name))
const all = Object.fromEntries(settable.map(({ name, type }) => [name, exampleOf(name, type)]))

test('the schema has every setting, generated from the code', () => {
  const schema: { properties: { settings: unknown } } = JSON.parse(
    readFileSync(join(library, 'values.schema.json'), 'utf8'),
  )
  expect(schema.properties.settings).toEqual(settingsSchema())
})

test('every setting reaches the sidecar as written, and numbers stay whole', async () => {
  const sidecar = { settings: all, terminationGracePeriodSeconds: 200 }
  const env = envOf(sidecarOf(await render({ sidecar })))
  expect(env).toEqual({
    ...Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)])),
    SIDECAR_OPS_LISTEN: '0.0.0.0:9464',
  })
})

test('a typo in any setting is refused, and so are the two that other values decide', async () => {
  const typos = settable.map(({ name }) => `${name}X`)
  const refused = [...typos, ...chartOwned]
  const settings = Object.fromEntries(refused.map((name) => [name, 'x']))
  const message = await refusalOf(settings)
  for (const name of refused) expect(message).toContain(`'${name}'`)
  expect(typos).not.toEqual([])
})

test('numbers outside their range are refused', async () => {
  const limits = settable.flatMap(({ name, type }) =>
    type.kind === 'integer' ? [{ name, min: type.min, max: type.max }] : [],
  )
  expect(limits).not.toEqual([])
  const below = Object.fromEntries(limits.map(({ name, min }) => [name, min - 1]))
  const above = Object.fromEntries(limits.map(({ name, max }) => [name, max + 1]))
  for (const settings of [below, above]) {
    const message = await refusalOf(settings)
    for (const { name } of limits) expect(message).toContain(`at '/settings/${name}'`)
  }
})

test('texts, choices and booleans of another type are refused', async () => {
  const others = settable.filter(({ type }) => type.kind !== 'integer')
  const message = await refusalOf(Object.fromEntries(others.map(({ name }) => [name, 7])))
  for (const { name } of others) expect(message).toContain(`at '/settings/${name}'`)
})

function refusalOf(settings: object): Promise<string> {
  return render({ sidecar: { settings } }).then(
    () => {
      throw new Error('the values were accepted')
    },
    (error: unknown) => String(error),
  )
}

/** The product file in the image, for the values files that leave it there. */
function productFileOf(name: string): object {
  const product = { productCode: 'code', route: 'metered', dimensions: ['requests'] }
  if (name.startsWith('saas'))
    return { ...product, route: 'saas', region: 'us-east-1', customerIds: 'license-arn' }
  if (name === 'sources-values.yaml') return { ...product, dimensions: sourceDimensions }
  return product
}

test.each(ciFiles)('the sidecar itself accepts the environment of %s', async (name) => {
  const env = envOf(sidecarOf(await render({}, { ci: name })))
  const own = Object.fromEntries(
    Object.entries(env).filter(([variable]) => variable.startsWith('SIDECAR_')),
  )
  const baked = own['SIDECAR_PRODUCT_CODE'] === undefined
  const files: Readonly<Record<string, string>> = {
    '/etc/marketplace-sidecar/product.json': JSON.stringify(productFileOf(name)),
    '/run/secrets/marketplace-sidecar-database/url': 'postgres://sidecar@db.example.com/billing',
  }
  const readText = (path: string) => (baked ? files[path] : undefined)
  const settings = loadSettings(own, { readText })
  expect(settings.opsListen.port).toBe(9464)
  expect(settings.product.route).toBe(name.startsWith('saas') ? 'saas' : 'metered')
})
