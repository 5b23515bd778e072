import { expect, inject, onTestFinished, test } from 'vitest'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'
import { CuttingProxy } from './support/cutting-proxy.ts'
import { newDatabase, asOwner } from './support/new-database.ts'

const server = inject('postgres')

/** A sidecar on a new database, behind a proxy. */
async function setUp() {
  const url = await newDatabase(server)
  const proxy = await CuttingProxy.start(server.port)
  const own = new URL(url)
  own.port = `${proxy.port}`
  const sidecar = await startHarness({ settings: { SIDECAR_DATABASE_URL: own.href } })
  onTestFinished(async () => {
    await sidecar.close()
    await proxy.close()
  })
  await sidecar.entitled()
  const report = (quantity: number, idempotencyKey?: string) =>
    sidecar.post({ dimension: 'requests', quantity, ...(idempotencyKey && { idempotencyKey }) })
  const reported = async () => {
    const [row] = await asOwner(
      url,
      'SELECT coalesce(SUM(micro), 0)::text AS micro FROM marketplace_sidecar.reported',
    )
    return BigInt(String(row?.['micro']))
  }
  return { url, proxy, sidecar, report, reported }
}

test('an hour is sealed, sent and settled through the database', async () => {
  const { sidecar, report, url } = await setUp()
  for (const quantity of [1, 2, 3]) expect(await report(quantity)).toMatchObject({ status: 200 })
  await sidecar.endHour()
  await sidecar.attempts(1)
  expect(await sidecar.records()).toMatchObject([{ dimension: 'requests', quantity: 6 }])
  await sidecar.until(async () => {
    const [row] = await asOwner(url, 'SELECT state FROM marketplace_sidecar.record')
    return row?.['state'] === 'accepted'
  })
})

test('while the database is away, reports are refused and everything else goes on', async () => {
  const { proxy, sidecar, report } = await setUp()
  expect(await report(1)).toMatchObject({ status: 200 })
  proxy.goAway()
  const refused = await report(2, 'k')
  expect(refused).toMatchObject({ status: 503, body: { code: 'DatabaseUnavailable' } })
  expect(refused.headers.get('retry-after')).toBe('2')
  expect(JSON.stringify(refused.body)).not.toContain('owner@')
  expect(await sidecar.get('/v1/entitlement')).toMatchObject({ status: 200 })
  expect(await sidecar.get('/v1/usage')).toMatchObject({ status: 503 })
  expect(await sidecar.ops('/livez')).toMatchObject({ status: 200 })
  expect(await sidecar.ops('/metrics')).toMatchObject({ status: 200 })
  proxy.comeBack()
  expect(await report(2, 'k')).toMatchObject({ status: 200, body: { result: 'accepted' } })
})

test('a report whose commit lost its connection is counted once, whether the server had it or not', async () => {
  const { proxy, report, reported } = await setUp()
  await report(1)
  for (const cut of ['before', 'after'] as const) {
    proxy.cutNext(cut)
    expect(await report(10)).toMatchObject({ status: 200, body: { result: 'accepted' } })
    expect(proxy.cuts[cut]).toBe(1)
  }
  expect(await reported()).toBe(21_000_000n)
})

test('a key that another sidecar used is answered as a duplicate', async () => {
  const { url, report, reported } = await setUp()
  const other = await startHarness({
    settings: { SIDECAR_DATABASE_URL: url },
    env: {},
    hostname: 'another-host',
  })
  onTestFinished(() => other.close())
  expect(await report(5, 'k')).toMatchObject({ body: { result: 'accepted' } })
  const again = { dimension: 'requests', quantity: 5, idempotencyKey: 'k' }
  expect(await other.post(again)).toMatchObject({ body: { result: 'duplicate' } })
  expect(await other.post({ ...again, quantity: 6 })).toMatchObject({ status: 409 })
  expect(await reported()).toBe(5_000_000n)
})

test('usage is refused when commits are no longer durable, and goes on when they are', async () => {
  const { url, report } = await setUp()
  expect(await report(1)).toMatchObject({ status: 200 })
  const name = new URL(url).pathname.slice(1)
  await asOwner(url, `ALTER DATABASE ${name} SET synchronous_commit = off`)
  await asOwner(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
  )
  const refused = await report(2)
  expect(refused).toMatchObject({ status: 503, body: { code: 'DatabaseNotUsable' } })
  await asOwner(url, `ALTER DATABASE ${name} RESET synchronous_commit`)
  await asOwner(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
  )
  expect(await report(2)).toMatchObject({ status: 200 })
})
