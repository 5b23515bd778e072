import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
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
