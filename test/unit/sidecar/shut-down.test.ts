import { afterEach, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { jsonSource } from '../../../src/sources/json/json-source.ts'
import type { Source } from '../../../src/sources/source.ts'
import { startEmulator } from '../../service/emulator/harness.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { productFileWith } from '../../support/sidecar/product-file.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
afterEach(() => harness.close())

test('a source that cannot end keeps no usage from AWS and no ledger open', async () => {
  const { log, lines } = createRecordedLog()
  const stuck: Source = {
    name: 'stuck',
    start: () => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error('cannot end')) }),
  }
  harness = await startHarness({ log, sources: [jsonSource, stuck] })
  await harness.entitled()
  await harness.post({ dimension: 'requests', quantity: 3 })
  await expect(harness.sidecar.stop()).rejects.toThrow('cannot end')
  expect(await harness.records()).toMatchObject([{ quantity: 3 }])
  expect(lines.at(-1)).toMatchObject({ event: 'sidecar.stopped', fields: { unsentRecords: 0 } })
  harness = await startHarness({ dataDir: harness.dataDir, aws: harness.aws })
  await harness.entitled()
})

test('a source that never ends keeps no usage from AWS either', async () => {
  const timers = new ManualClock()
  const { log, lines } = createRecordedLog()
  const end = Promise.withResolvers<void>()
  const stuck: Source = {
    name: 'stuck',
    start: () => ({ [Symbol.asyncDispose]: () => end.promise }),
  }
  harness = await startHarness({ log, timers, sources: [jsonSource, stuck] })
  await harness.entitled()
  await harness.post({ dimension: 'requests', quantity: 3 })
  const stopped = harness.sidecar.stop()
  await eventually(async () => {
    await timers.advance(1000)
    return lines.at(-1)?.event === 'sidecar.stopped'
  })
  expect(await harness.records()).toMatchObject([{ quantity: 3 }])
  expect(timers.elapsed()).toBeLessThan(25_000)
  end.resolve()
  await stopped
})

test('usage that is held at the end is an error line, and is counted once', async () => {
  const { log, lines } = createRecordedLog()
  const aws = await startEmulator()
  const product = {
    productCode: demoProduct.productCode,
    route: 'both',
    publicKeys: { 1: aws.emulator.publicKeyPem() },
    dimensions: [{ name: 'requests', maxPerHour: 1 }],
  }
  harness = await startHarness({
    aws,
    log,
    files: { '/product.json': JSON.stringify(product) },
    settings: {
      SIDECAR_PRODUCT_FILE: '/product.json',
      SIDECAR_PRODUCT_CODE: undefined,
      SIDECAR_ROUTE: undefined,
      SIDECAR_PUBLIC_KEY_FILE: undefined,
      SIDECAR_DIMENSIONS: undefined,
    },
  })
  await harness.post({ dimension: 'requests', quantity: 3 })
  await harness.sidecar.stop()
  const last = lines.slice(-2).map(({ level, event, fields }) => ({ level, event, fields }))
  const stopped = { unsentRecords: 0, open: '0', fraction: '0', held: '3', records: '0' }
  expect(last).toEqual([
    { level: 'error', event: 'usage.held-at-end', fields: { held: '3' } },
    { level: 'info', event: 'sidecar.stopped', fields: stopped },
  ])
})

test('readings of an hour that stays open are open, so that no one deletes their volume', async () => {
  const { log, lines } = createRecordedLog()
  const { files, settings } = productFileWith([{ name: 'requests', aggregate: 'max' }])
  harness = await startHarness({
    log,
    files,
    settings: { ...settings, SIDECAR_FLUSH_ON_SHUTDOWN: 'false' },
  })
  await harness.post({ dimension: 'requests', quantity: 7 })
  await harness.sidecar.stop()
  expect(lines.at(-1)).toMatchObject({
    event: 'sidecar.stopped',
    fields: { unsentRecords: 0, open: '7', fraction: '0', held: '0', records: '0' },
  })
})
