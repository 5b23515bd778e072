import { expect, inject, onTestFinished, test } from 'vitest'
import { createFastClock } from '../../src/kernel/clock.ts'
import { createRecordedLog } from '../support/recorded-log.ts'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'
import { CuttingProxy } from './support/cutting-proxy.ts'
import { newDatabase } from './support/new-database.ts'

const server = inject('postgres')

/** A sidecar that starts while its database is away. */
async function startWithoutDatabase() {
  const url = await newDatabase(server)
  const proxy = await CuttingProxy.start(server.port)
  proxy.goAway()
  const own = new URL(url)
  own.port = `${proxy.port}`
  const { log, lines } = createRecordedLog()
  const sidecar = await startHarness({
    settings: { SIDECAR_DATABASE_URL: own.href },
    // The pauses between two attempts pass in milliseconds.
    timers: createFastClock(500, Date.now()),
    log,
  })
  onTestFinished(async () => {
    await sidecar.close()
    await proxy.close()
  })
  return { proxy, sidecar, lines }
}

const report = { dimension: 'requests', quantity: 3, idempotencyKey: 'k' }

test('a sidecar whose database is away starts, proves the entitlement, and refuses usage until later', async () => {
  const { sidecar, lines } = await startWithoutDatabase()
  await sidecar.until(async () => (await sidecar.get('/v1/entitlement')).status === 200)
  const refused = await sidecar.until(async () => {
    const answer = await sidecar.post(report)
    return answer.body['code'] === 'LedgerOpening' ? undefined : answer
  })
  expect(refused).toMatchObject({ status: 503, body: { code: 'DatabaseUnavailable' } })
  expect(refused.headers.get('retry-after')).toBe('2')
  expect(await sidecar.get('/v1/usage')).toMatchObject({ status: 503 })
  expect(await sidecar.ops('/livez')).toMatchObject({ status: 200 })
  expect(await sidecar.ops('/readyz')).toMatchObject({ status: 503 })
  expect(lines.filter(({ event }) => event === 'ledger.away')).toHaveLength(1)
})

test('it goes on by itself when the database is there, and stays entitled meanwhile', async () => {
  const { proxy, sidecar, lines } = await startWithoutDatabase()
  await sidecar.until(async () => (await sidecar.get('/v1/entitlement')).status === 200)
  proxy.comeBack()
  await sidecar.until(async () => {
    expect(await sidecar.get('/v1/entitlement')).toMatchObject({ status: 200 })
    return (await sidecar.post(report)).status === 200
  })
  await sidecar.endHour()
  await sidecar.attempts(1)
  expect(await sidecar.records()).toMatchObject([{ dimension: 'requests', quantity: 3 }])
  expect(lines.map(({ event }) => event)).toContain('ledger.back')
})

test('it ends when it is told to while it waits', async () => {
  const { sidecar, lines } = await startWithoutDatabase()
  await sidecar.sidecar.stop()
  expect(lines.at(-1)).toMatchObject({ event: 'sidecar.stopped-unopened' })
})
