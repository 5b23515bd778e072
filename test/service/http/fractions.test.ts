import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import type { Harness } from '../emulator/harness.ts'
import { startEmulator } from '../emulator/harness.ts'
import { runLedger } from '../../support/ledger/ledger-command-io.ts'
import { scratch } from '../../support/scratch.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

/** A sidecar whose product file has one dimension, in an earlier one's directory or a new one. */
async function start(dimension: object, earlier?: { aws: Harness; dataDir: string }) {
  const aws = earlier?.aws ?? (await startEmulator())
  const { productCode, route } = demoProduct
  const file = {
    productCode,
    route,
    publicKeys: { 1: aws.emulator.publicKeyPem() },
    dimensions: [{ name: 'storage', ...dimension }],
  }
  return startHarness({
    ...earlier,
    aws,
    files: { '/product.json': JSON.stringify(file) },
    settings: {
      SIDECAR_PRODUCT_FILE: '/product.json',
      SIDECAR_PRODUCT_CODE: undefined,
      SIDECAR_ROUTE: undefined,
      SIDECAR_PUBLIC_KEY_FILE: undefined,
      SIDECAR_DIMENSIONS: undefined,
      SIDECAR_FLUSH_ON_SHUTDOWN: 'false',
    },
  })
}

/** Ends a sidecar as a kill does, and returns where its ledger is. */
async function kill(harness: SidecarHarness): Promise<{ aws: Harness; dataDir: string }> {
  const dataDir = mkdtempSync(join(scratch, 'sidecar-'))
  cpSync(harness.dataDir, dataDir, { recursive: true })
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  await harness.sidecar.stop()
  rmSync(harness.dataDir, { recursive: true })
  return { aws: harness.aws, dataDir }
}

async function sentIn(harness: SidecarHarness): Promise<readonly unknown[]> {
  return (await harness.calls())
    .map(({ input }) => input as Readonly<Record<string, unknown>>)
    .filter(({ UsageDimension, DryRun }) => UsageDimension === 'storage' && DryRun !== true)
}

test('fractions that are sent are decimals at AWS and wherever the record is shown', async () => {
  const harness = await start({ fractions: 'send', divisor: 1000 })
  onTestFinished(() => harness.close())
  await harness.entitled()
  await harness.post({ dimension: 'storage', quantity: '2500.75', tags: { team: 'a' } })
  await harness.post({ dimension: 'storage', quantity: 0.2505 })
  await harness.endHour()
  await harness.attempts(1)
  expect(await sentIn(harness)).toMatchObject([
    {
      UsageQuantityAsDecimal: '2.501',
      UsageAllocations: [
        { AllocatedUsageQuantityAsDecimal: '0.00025' },
        { AllocatedUsageQuantityAsDecimal: '2.50075', Tags: [{ Key: 'team', Value: 'a' }] },
      ],
    },
  ])
  expect(await harness.records()).toMatchObject([{ quantity: 2.501 }])
  const { body } = await harness.get('/v1/usage')
  expect(body['settled']).toMatchObject([{ quantity: 2.501, state: 'accepted' }])
  expect(body['fractions']).toMatchObject([{ quantity: 0.0005 }])
  const csv = await fetch(`http://127.0.0.1:${harness.sidecar.appPort}/v1/records.csv`)
  expect(await csv.text()).toContain(',storage,2.501,')
  const metrics = (await harness.ops('/metrics')).text
  expect(metrics).toContain('marketplace_usage_accepted_total{dimension="storage"} 2.501')
  const shown = await runLedger(harness.dataDir, harness.clock, ['show', '1'])
  expect(shown.out.join('\n')).toContain('2.50075  team=a')
  const exported = await runLedger(harness.dataDir, harness.clock, ['export', '--format', 'csv'])
  expect(exported.out.join('\n')).toContain(',storage,2.501,1000,')
  const audit = await runLedger(harness.dataDir, harness.clock, ['audit'])
  expect(audit.code).toBe(0)
})

test('an image that sends fractions also sends what earlier hours left over, and one that does not keeps them', async () => {
  const first = await start({})
  await first.entitled()
  await first.post({ dimension: 'storage', quantity: 1.7 })
  await first.endHour()
  await first.attempts(1)
  await first.post({ dimension: 'storage', quantity: 0.05 })
  const second = await start({ fractions: 'send' }, await kill(first))
  await second.entitled()
  await second.endHour()
  await second.attempts(1)
  await second.post({ dimension: 'storage', quantity: 2.25 })
  const third = await start({ fractions: 'carry' }, await kill(second))
  onTestFinished(() => third.close())
  await third.entitled()
  await third.endHour()
  await third.attempts(1)
  expect(await sentIn(third)).toMatchObject([
    { UsageQuantity: 1 },
    { UsageQuantityAsDecimal: '0.75' },
    { UsageQuantity: 2 },
  ])
  const { body } = await third.get('/v1/usage')
  expect(body['fractions']).toMatchObject([{ quantity: 0.25 }])
})

test('a record with decimals whose answer was lost is repeated as it was by an image with another divisor', async () => {
  const first = await start({ fractions: 'send', divisor: 4 })
  await first.entitled()
  await first.post({ dimension: 'storage', quantity: 5 })
  await first.aws.control('faults', { operation: 'MeterUsage', drop: 'after' })
  await first.endHour()
  await first.attempts(1)
  const second = await start({ divisor: 1 }, await kill(first))
  onTestFinished(() => second.close())
  await second.entitled()
  await second.attempts(1)
  const [one, ...repeats] = await sentIn(second)
  expect(one).toMatchObject({ UsageQuantityAsDecimal: '1.25' })
  expect(repeats.length).toBeGreaterThan(0)
  for (const repeat of repeats) expect(repeat).toEqual(one)
  expect(await second.records()).toMatchObject([{ quantity: 1.25 }])
})
