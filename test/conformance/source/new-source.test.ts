import { afterEach, expect, test } from 'vitest'
import { sources } from '../../../src/sources/registry.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'
import { countSource } from './count-source.ts'

let harness: SidecarHarness
afterEach(() => harness.close())

const counted = async () => (await harness.ops('/metrics')).text

test('a new source is one line more in the list: its usage reaches AWS as a record', async () => {
  harness = await startHarness({ sources: [...sources, countSource] })
  await harness.entitled()
  expect(await harness.get('/count?dimension=requests&n=3')).toMatchObject({
    status: 200,
    body: { counted: '3' },
  })
  await harness.post({ dimension: 'requests', quantity: 4 })
  await harness.endHour()
  await harness.until(async () => (await harness.records()).length === 1)
  expect(await harness.records()).toMatchObject([{ dimension: 'requests', quantity: 7 }])
})

test('what a new source refuses is answered, counted and not recorded', async () => {
  harness = await startHarness({ sources: [countSource] })
  const refused = await harness.get('/count?dimension=requests&n=some')
  expect(refused).toMatchObject({ status: 400, body: { code: 'QuantityNotANumber' } })
  expect(await counted()).toContain(
    'marketplace_usage_reports_total{dimension="requests",result="refused"} 1',
  )
  expect(harness.emitted('usageRefused')).toMatchObject([{ code: 'QuantityNotANumber' }])
})

test('a source that is not in the list cannot be reached', async () => {
  harness = await startHarness({ sources: [countSource] })
  expect((await harness.post({ dimension: 'requests', quantity: 4 })).status).toBe(405)
})
