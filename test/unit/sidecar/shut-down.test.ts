import { afterEach, expect, test } from 'vitest'
import { jsonSource } from '../../../src/sources/json/json-source.ts'
import type { Source } from '../../../src/sources/source.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
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
