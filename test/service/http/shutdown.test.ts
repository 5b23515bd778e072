import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { startMetadataServer } from '../../support/sidecar/metadata-server.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
const start = async (options?: SidecarOptions) => {
  harness = await startHarness(options)
  await harness.entitled()
}
afterEach(() => harness.close())

const report = (quantity: number) => harness.post({ dimension: 'requests', quantity })

async function isRefused(): Promise<boolean> {
  return harness.get('/v1/entitlement').then(
    () => false,
    () => true,
  )
}

describe('the end', () => {
  test('sends the hour that is still open', async () => {
    await start()
    await report(3)
    await harness.sidecar.stop()
    expect(await harness.records()).toMatchObject([
      { hour: '2026-03-10T09:00:00.000Z', quantity: 3 },
    ])
    expect(await isRefused()).toBe(true)
  })

  test('closes the hour for its keys: after it, usage goes to the next one', async () => {
    await start()
    await report(3)
    await harness.sidecar.stop()
    harness = await startHarness({ dataDir: harness.dataDir, aws: harness.aws })
    expect((await report(4)).body).toMatchObject({ hour: '2026-03-10T10:00:00.000Z', late: true })
    await harness.endHour()
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 2)
    expect((await harness.records()).map(({ quantity }) => quantity)).toEqual([3, 4])
  })

  test('leaves the open hour to the next start where that is the setting', async () => {
    await start({ settings: { SIDECAR_FLUSH_ON_SHUTDOWN: 'false' } })
    await report(3)
    await harness.sidecar.stop()
    expect(await harness.records()).toEqual([])
    harness = await startHarness({ dataDir: harness.dataDir, aws: harness.aws })
    await report(4)
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ quantity: 7 }])
  })

  test('keeps what AWS does not accept for the next start', async () => {
    await start()
    await report(3)
    await harness.aws.control('faults', {
      operation: 'MeterUsage',
      times: 1000,
      error: 'AccessDeniedException',
    })
    await harness.sidecar.stop()
    expect(await harness.records()).toEqual([])
    await harness.aws.control('reset', {})
    harness = await startHarness({ dataDir: harness.dataDir, aws: harness.aws })
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === 1)
    expect(await harness.records()).toMatchObject([{ quantity: 3 }])
  })

  test('happens once, however often it is requested', async () => {
    await start()
    await Promise.all([harness.sidecar.stop(), harness.sidecar.stop()])
    await harness.sidecar.stop()
    expect(await isRefused()).toBe(true)
  })
})

describe('the last line of the log', () => {
  const lastLine = async (settings: Readonly<Record<string, string>> = {}) => {
    const { log, lines } = createRecordedLog()
    await start({ log, settings })
    await report(2.5)
    await harness.sidecar.stop()
    return lines.at(-1)
  }

  test('says what is left below a whole unit', async () => {
    expect(await lastLine()).toMatchObject({
      event: 'sidecar.stopped',
      fields: { unsentRecords: 0, open: '0', fraction: '0.5', held: '0', records: '0' },
    })
  })

  test('says what stays open', async () => {
    expect(await lastLine({ SIDECAR_FLUSH_ON_SHUTDOWN: 'false' })).toMatchObject({
      fields: { unsentRecords: 0, open: '2.5', fraction: '0', records: '0' },
    })
  })

  test('says what the records hold that wait for AWS', async () => {
    const { log, lines } = createRecordedLog()
    await start({ log })
    await report(3)
    await harness.aws.control('faults', {
      operation: 'MeterUsage',
      times: 1000,
      error: 'AccessDeniedException',
    })
    await harness.sidecar.stop()
    expect(lines.at(-1)).toMatchObject({
      fields: { unsentRecords: 1, open: '0', fraction: '0', records: '3' },
    })
  })
})

describe('on ECS the open hour', () => {
  /** Starts in a task for which ECS wants each of these in turn, the last one from then on. */
  async function stopInTask(...statuses: (string | undefined)[]) {
    let reads = 0
    let stopping = false
    const agent = await startMetadataServer((_request, response) => {
      const status = stopping ? statuses[Math.min(reads, statuses.length - 1)] : 'RUNNING'
      if (stopping) reads += 1
      if (status === undefined) return void response.writeHead(500).end()
      const TaskARN = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/one'
      response.end(JSON.stringify({ TaskARN, DesiredStatus: status }))
    })
    await start({ env: { ECS_CONTAINER_METADATA_URI_V4: agent.url } })
    await report(3)
    stopping = true
    await harness.sidecar.stop()
    await agent.close()
    return reads
  }

  test('stays open when only the container ends, so that the next one can add to it', async () => {
    expect(await stopInTask('RUNNING')).toBe(2)
    expect(await harness.records()).toEqual([])
  })

  test.each([
    ['wants the task to stop', ['STOPPED']],
    ['begins to stop the task during the drain', ['RUNNING', 'STOPPED']],
    ['says at first that the task stops', ['STOPPED', 'RUNNING']],
    ['does not answer', [undefined]],
    ['no longer answers', ['RUNNING', undefined]],
    ['says something unknown', ['PAUSED']],
  ])('is sent when ECS %s', async (_name, statuses) => {
    await stopInTask(...statuses)
    expect(await harness.records()).toMatchObject([{ quantity: 3 }])
  })
})

describe('the drain', () => {
  test('accepts usage until the application has been quiet, and sends it', async () => {
    const timers = new ManualClock()
    const settings = {
      SIDECAR_DRAIN_QUIET_MS: '3000',
      SIDECAR_DRAIN_DELAY_MS: '5000',
      SIDECAR_SHUTDOWN_TIMEOUT_MS: '60000',
    }
    await start({ timers, settings })
    await report(1)
    await timers.advance(10_000)
    const stopped = harness.sidecar.stop()
    await eventually(async () => (await harness.ops('/readyz')).text === 'shutting down\n')
    expect((await harness.ops('/livez')).status).toBe(200)

    await timers.advance(2999)
    expect((await report(2)).status).toBe(200)
    await timers.advance(1000)
    expect((await report(4)).status).toBe(200)
    await timers.advance(1001)
    await stopped
    expect(await harness.records()).toMatchObject([{ quantity: 7 }])
  })

  test('is not prolonged by questions about the entitlement', async () => {
    const timers = new ManualClock()
    await start({
      timers,
      settings: { SIDECAR_DRAIN_QUIET_MS: '3000', SIDECAR_DRAIN_DELAY_MS: '4000' },
    })
    const stopped = harness.sidecar.stop()
    await eventually(async () => (await harness.ops('/readyz')).status === 503)
    await timers.advance(2000)
    expect((await harness.get('/v1/entitlement')).status).toBe(200)
    await timers.advance(1000)
    await stopped
    expect(await isRefused()).toBe(true)
  })
})

describe('a client that stops in the middle of a request', () => {
  const head = 'POST /v1/usage HTTP/1.1\r\nHost: localhost\r\n'

  test('does not delay the shutdown', async () => {
    const timers = new ManualClock()
    await start({ timers })
    await report(3)
    const socket = connect(harness.sidecar.appPort, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"dim`)
    const cut = once(socket.resume(), 'close')
    const stopped = harness.sidecar.stop()
    await eventually(isRefused)
    await timers.advance(1000)
    await stopped
    await cut
    expect(await harness.records()).toMatchObject([{ quantity: 3 }])
  })

  test('gets the problem ShuttingDown when it continues too long', async () => {
    const timers = new ManualClock()
    await start({ timers })
    const socket = connect(harness.sidecar.appPort, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(head)
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
    await harness.get('/v1/entitlement')
    const stopped = harness.sidecar.stop()
    await eventually(isRefused)
    const body = '{"dimension":"requests","quantity":1}'
    socket.write(`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer).toMatch(/^retry-after: 5\r$/m)
    expect(answer).toContain('"code":"ShuttingDown"')
    await stopped
    expect(await harness.records()).toEqual([])
  })
})
