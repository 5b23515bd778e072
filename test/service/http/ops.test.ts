import { writeFileSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { fullNameOf, metricTable } from '../../../src/observe/prometheus/metric-table.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
const start = async (options?: SidecarOptions) => (harness = await startHarness(options))
afterEach(() => harness.close())

async function metric(series: string): Promise<number | undefined> {
  const { text } = await harness.ops('/metrics')
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined
    ? undefined
    : Number(line.slice(series.length + 1).replace('Inf', 'Infinity'))
}

describe('the listener for health and metrics', () => {
  test('reports that the sidecar is alive, whatever AWS says about the buyer', async () => {
    await start({ prepare: (aws) => aws.control('settings', { entitled: false }) })
    await harness.until(async () => (await harness.get('/v1/entitlement')).status === 403)
    expect(await harness.ops('/livez')).toEqual({ status: 200, text: 'ok\n' })
    expect(await harness.ops('/readyz')).toEqual({ status: 503, text: 'denied\n' })
  })

  test('tells the network a state, and nothing of AWS’s words', async () => {
    const message = 'User: arn:aws:sts::111122223333:assumed-role/metering is not authorized'
    const fault = { operation: '*', times: 1000, error: 'AccessDeniedException', message }
    await start({ prepare: (aws) => aws.control('faults', fault) })
    await harness.until(async () => (await harness.ops('/readyz')).text !== 'starting\n')
    expect(await harness.ops('/readyz')).toEqual({ status: 503, text: 'denied-by-iam\n' })
  })

  test('is ready when the buyer is entitled', async () => {
    await start()
    await harness.entitled()
    expect(await harness.ops('/readyz')).toEqual({ status: 200, text: 'ok\n' })
  })

  test.each(['/v1/entitlement', '/v1/usage', '/', '/_emulator/records'])(
    'does not serve %s',
    async (path) => {
      await start()
      expect((await harness.ops(path)).status).toBe(404)
    },
  )

  test('accepts nothing', async () => {
    await start()
    const url = `http://127.0.0.1:${harness.sidecar.opsPort}/metrics`
    const { status, headers } = await fetch(url, { method: 'POST' })
    expect([status, headers.get('allow')]).toEqual([405, 'GET'])
  })
})

describe('/metrics', () => {
  test('has every metric from the first moment, except those that need an event', async () => {
    await start()
    const { status, text } = await harness.ops('/metrics')
    expect(status).toBe(200)
    for (const name of Object.keys(metricTable))
      expect(text).toContain(`# TYPE ${fullNameOf(name)} `)
    expect(
      await metric(
        'marketplace_info{version="1.2.3",product_code="1a2b3cdemo4d5e6f7g8h9i0jk",route="both",platform="local",region="eu-west-1"}',
      ),
    ).toBe(1)
  })

  test('follows usage from the report to AWS', async () => {
    await start()
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 2.5, idempotencyKey: 'a' })
    await harness.post({ dimension: 'requests', quantity: 2.5, idempotencyKey: 'a' })
    await harness.post({ dimension: 'requests', quantity: -1 })
    await harness.post({ dimension: 'made-up', quantity: 1 })
    const requests = (name: string, more = '') =>
      metric(`marketplace_${name}{dimension="requests"${more}}`)
    expect(await metric('marketplace_entitled')).toBe(1)
    expect(await metric('marketplace_entitlement_state{state="entitled"}')).toBe(1)
    expect(await metric('marketplace_entitlement_state{state="denied"}')).toBe(0)
    for (const result of ['accepted', 'duplicate', 'refused'])
      expect(await requests('usage_reports_total', `,result="${result}"`), result).toBe(1)
    expect(
      await metric('marketplace_usage_reports_total{dimension="unknown",result="refused"}'),
    ).toBe(1)
    expect(await requests('usage_reported_total')).toBe(2.5)
    expect(await requests('usage_pending')).toBe(2.5)
    expect(await requests('usage_accepted_total')).toBe(0)
    expect(await metric('marketplace_unsent_deadline_seconds')).toBe(Infinity)

    await harness.aws.control('faults', { operation: 'MeterUsage', error: 'ThrottlingException' })
    await harness.endHour()
    await harness.attempts(1)
    expect(await metric('marketplace_records{state="sealed"}')).toBe(1)
    expect(await metric('marketplace_oldest_unsent_seconds')).toBe(60)
    expect(await metric('marketplace_unsent_records{age_hours="0"}')).toBe(1)
    expect(await metric('marketplace_unsent_deadline_seconds')).toBe(6 * 3600 - 60)
    await harness.clock.advance(5000)
    await harness.until(async () => (await requests('usage_accepted_total')) === 2)
    expect(await requests('usage_pending')).toBe(0.5)
    expect(await requests('usage_imbalance')).toBe(0)
    expect(await metric('marketplace_records{state="accepted"}')).toBe(1)
    expect(await metric('marketplace_oldest_unsent_seconds')).toBe(0)
    expect(await metric('marketplace_record_attempts_total{outcome="throttled"}')).toBe(1)
    expect(await metric('marketplace_record_attempts_total{outcome="ok"}')).toBe(1)
    const call = 'marketplace_aws_request_duration_seconds_count'
    expect(await metric(`${call}{operation="RegisterUsage",outcome="ok"}`)).toBe(1)
    expect(await metric(`${call}{operation="MeterUsage",outcome="throttled"}`)).toBe(1)
    expect(await metric('marketplace_ledger_commit_duration_seconds_count')).toBeGreaterThan(0)
    expect(await metric('marketplace_ledger_bytes')).toBeGreaterThan(0)
    const http = 'marketplace_http_request_duration_seconds_count'
    expect(await metric(`${http}{route="/v1/usage",method="POST",status="200"}`)).toBe(2)
    expect(await metric(`${http}{route="/v1/usage",method="POST",status="400"}`)).toBe(2)
  })

  test('reports the size of the volume that the ledger is on, and how much of it is free', async () => {
    await start()
    const { blocks, bsize, bfree } = statfsSync(harness.dataDir)
    expect(await metric('marketplace_ledger_volume_bytes')).toBe(blocks * bsize)
    const free = await metric('marketplace_ledger_free_bytes')
    // Other programs also write to this disk, but less than a tenth of it.
    expect(free).toBeGreaterThan(0)
    expect(free).toBeLessThan(bfree * bsize + (blocks * bsize) / 10)
  })

  test('has no label that a request can invent', async () => {
    await start()
    await harness.post({ dimension: 'evil-dimension', quantity: 1 })
    await harness.post({ reports: [{ dimension: 'evil-dimension', quantity: 1 }] })
    await harness.get('/evil-path?evil-query')
    await fetch(`http://127.0.0.1:${harness.sidecar.appPort}/evil-path`, { method: 'PROPFIND' })
    await harness.ops('/evil-path')
    expect((await harness.ops('/metrics')).text).not.toContain('evil')
  })

  test('counts a damaged ledger that was set aside at the start', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sidecar-'))
    writeFileSync(
      join(dataDir, 'ledger.db'),
      'this is not a database, and long enough to be seen as none',
    )
    await start({ dataDir })
    expect(await metric('marketplace_ledger_set_aside_files_total')).toBe(1)
  })
})
