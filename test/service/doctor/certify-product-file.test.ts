import { afterEach, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { startEmulator } from '../emulator/harness.ts'
import { doctorJson } from '../../support/doctor/doctor-command.ts'
import { testMachine } from '../../support/doctor/test-machine.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { productFileWith } from '../../support/sidecar/product-file.ts'
import {
  accessKeyId,
  startHarness,
  type SidecarHarness,
} from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness | undefined
afterEach(async () => {
  await harness?.close()
  harness = undefined
})

/** Runs `doctor --certify --yes` next to a sidecar whose product has these dimensions. */
async function certifyWith(dimensions: readonly Readonly<Record<string, unknown>>[]) {
  const { files, settings } = productFileWith(dimensions)
  const names = dimensions.map(({ name }) => String(name))
  const products = [{ ...demoProduct, route: 'metered' as const, dimensions: names }]
  const sidecar = await startHarness({ aws: await startEmulator({ products }), files, settings })
  harness = sidecar
  await sidecar.entitled()
  const machine = testMachine({
    env: {
      ...settings,
      SIDECAR_AWS_ENDPOINT: sidecar.aws.url,
      SIDECAR_REGION: 'eu-west-1',
      SIDECAR_DATA_DIR: sidecar.dataDir,
      SIDECAR_LISTEN: `127.0.0.1:${sidecar.sidecar.appPort}`,
      SIDECAR_OPS_LISTEN: `127.0.0.1:${sidecar.sidecar.opsPort}`,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    bakedProductFile: '/none.json',
    reader: { readText: (path) => files[path] },
    clock: new ManualClock(sidecar.clock.now()),
    credentials: { accessKeyId, secretAccessKey: 'secret' },
  })
  const certify = async () => (await doctorJson(machine, '--certify', '--yes')).certify
  return { certify, sidecar }
}

test('what takes no report is left to the application, and the others are reported', async () => {
  const { certify, sidecar } = await certifyWith([
    { name: 'users', aggregate: 'unique', divisor: 3 },
    { name: 'seats', aggregate: 'max' },
    { name: 'jobs', from: { otlp: { metric: 'app.jobs' } } },
  ])
  const first = await certify()
  expect(first).toMatchObject({
    status: 'pass',
    dimensions: [
      { dimension: 'users', units: 1, quantity: '3', duplicate: false },
      { dimension: 'seats', units: 1, quantity: '1', duplicate: false },
    ],
  })
  expect(first?.['remaining']).toContain(
    'jobs counts what its source gives, so no report can give it a record: use the product until it has one, and see "ledger show".',
  )
  expect(await certify()).toMatchObject({
    dimensions: [{ duplicate: true }, { duplicate: true }],
  })
  await sidecar.endHour()
  await sidecar.until(async () => (await sidecar.records()).length === 2)
  const sent = (await sidecar.records()).map(
    ({ dimension, quantity }) => `${dimension}: ${quantity}`,
  )
  expect(sent.toSorted()).toEqual(['seats: 1', 'users: 1'])
})

test('a product of which no dimension takes a report is told so', async () => {
  const { certify } = await certifyWith([{ name: 'jobs', from: { otlp: { metric: 'app.jobs' } } }])
  expect(await certify()).toMatchObject({
    status: 'warn',
    message: 'Nothing was sent: no dimension of this product takes a report. See below.',
    dimensions: [],
  })
})
