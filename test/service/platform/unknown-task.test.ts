import { existsSync, mkdtempSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFastClock } from '../../../src/kernel/clock.ts'
import { callFront, usageInput } from '../../support/aws/front-call.ts'
import { eventually } from '../../support/eventually.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { scratch } from '../../support/scratch.ts'
import { startMetadataServer, type MetadataServer } from '../../support/sidecar/metadata-server.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

const arn = 'arn:aws:ecs:eu-west-1:123456789012:task/cluster/0123456789abcdef'
const report = { dimension: 'requests', quantity: 3 }

let answers: boolean
let metadata: MetadataServer
let harness: SidecarHarness
let dataDir: string
const recorded = createRecordedLog()

beforeEach(async () => {
  answers = false
  metadata = await startMetadataServer((_request, response) => {
    response.statusCode = answers ? 200 : 500
    response.end(answers ? JSON.stringify({ TaskARN: arn }) : '')
  })
  dataDir = mkdtempSync(join(scratch, 'unknown-task-'))
  harness = await startHarness({
    dataDir,
    env: { ECS_CONTAINER_METADATA_URI_V4: metadata.url },
    // The pauses between two questions pass in milliseconds.
    timers: createFastClock(500, Date.now()),
    log: recorded.log,
  })
})
afterEach(async () => {
  await harness.close()
  await metadata.close()
})

describe('a task that the ECS agent has not named', () => {
  test('opens no ledger and answers usage with 503 PlatformUnknown', async () => {
    const refused = await harness.post(report)
    expect(refused).toMatchObject({ status: 503, body: { code: 'PlatformUnknown' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await harness.get('/v1/usage')).toMatchObject({
      status: 503,
      body: { code: 'PlatformUnknown' },
    })
    expect(existsSync(join(dataDir, 'ledger.db'))).toBe(false)
    expect(harness.emitted('usageRefused')).toMatchObject([{ code: 'PlatformUnknown' }])
    expect(await harness.calls()).toEqual([])
  })

  test('answers MeterUsage of an AWS SDK with 503, whatever region it was signed for', async () => {
    const { status, body } = await callFront(harness.sidecar.appPort, 'MeterUsage', usageInput())
    expect(status).toBe(503)
    expect(body['__type']).toBe('ServiceUnavailableException')
  })

  test('says `starting` about the entitlement, is alive, and is not ready', async () => {
    expect(await harness.get('/v1/entitlement')).toMatchObject({
      status: 503,
      body: { entitled: false, state: 'starting' },
    })
    expect((await harness.ops('/livez')).status).toBe(200)
    expect((await harness.ops('/readyz')).status).toBe(503)
    expect((await harness.ops('/metrics')).text).toContain('marketplace_usage_reports_total')
    expect((await harness.get('/v1/nothing')).status).toBe(404)
  })

  test('opens the ledger by itself when the agent answers, on the same connections', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = () =>
      new Promise<number | undefined>((resolve, reject) => {
        get(
          { agent, port: harness.sidecar.appPort, host: '127.0.0.1', path: '/v1/entitlement' },
          (response) => response.resume().on('end', () => resolve(response.statusCode)),
        ).on('error', reject)
      })
    expect(await ask()).toBe(503)
    answers = true
    await eventually(async () => (await harness.post(report)).status === 200)
    await harness.entitled()
    expect(await ask()).toBe(200)
    agent.destroy()
    expect(harness.sidecar.platform).toMatchObject({ resource: arn, isGuess: false })
    expect((await harness.ops('/readyz')).status).toBe(200)
    expect((await harness.ops('/metrics')).text).toContain('platform="ecs"')
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
  })

  test('stops on a signal, and leaves no ledger behind', async () => {
    await harness.sidecar.stop()
    expect(existsSync(join(dataDir, 'ledger.db'))).toBe(false)
    await expect(fetch(`http://127.0.0.1:${harness.sidecar.appPort}/`)).rejects.toThrow(
      'fetch failed',
    )
    expect(recorded.lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['platform.unknown', 'sidecar.stopped-unopened']),
    )
  })
})
