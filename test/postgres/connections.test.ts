import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { inspectDatabase } from '../../src/store/postgres/commands/inspect-database.ts'
import { openDatabase } from '../../src/store/postgres/connection/database.ts'
import { parseDatabaseUrl } from '../../src/store/postgres/connection/database-url.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts'
import { eventually } from '../support/eventually.ts'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { startPgbouncer } from './support/pgbouncer.ts'
import { certify } from './support/server-certificates.ts'
import { urlOf } from './support/server.ts'

const server = inject('postgres')
const inspect = (url: string) => inspectDatabase(url, () => Date.now())

async function startSidecar(url: string, hostname: string) {
  const sidecar = await startHarness({
    settings: { SIDECAR_DATABASE_URL: url },
    env: {},
    hostname,
  })
  onTestFinished(() => sidecar.close())
  return sidecar
}

test('a pooler in transaction mode may stand between two sidecars and the server', async () => {
  const pooler = await startPgbouncer(server)
  const url = await newDatabase(server)
  const sidecars = [
    await startSidecar(pooler.through(url), 'one'),
    await startSidecar(pooler.through(url), 'two'),
  ]
  // Each time another of the server's sessions may have what was prepared for one of them.
  for (let round = 0; round < 4; round += 1) {
    const reports = sidecars.flatMap((sidecar) =>
      Array.from({ length: 5 }, () => sidecar.post({ dimension: 'requests', quantity: 1 })),
    )
    for (const answer of await Promise.all(reports)) expect(answer).toMatchObject({ status: 200 })
  }
  const [first] = sidecars
  await first?.endHour()
  await first?.attempts(1)
  expect(await first?.records()).toMatchObject([{ dimension: 'requests', quantity: 20 }])
  const rows = await asOwner(
    url,
    'SELECT SUM(micro)::text AS micro FROM marketplace_sidecar.reported',
  )
  expect(rows).toEqual([{ micro: '40000000' }])
})

test('a statement that was prepared is answered behind a pooler, whichever session it gets', async () => {
  const pooler = await startPgbouncer(server)
  const url = await newDatabase(server)
  const database = await openDatabase({ target: parseDatabaseUrl(pooler.through(url)) })
  onTestFinished(() => database.close())
  for (let round = 0; round < 5; round += 1) {
    const asked = [1, 2, 3, 4].map((each) => database.prepared('SELECT $1::int AS n', [each]))
    expect(await Promise.all(asked)).toEqual([1, 2, 3, 4].map((n) => [{ n }]))
  }
})

test('a server is used over TLS only under its own name and with a certificate that is trusted', async () => {
  const { ours, other } = await certify(server)
  const database = new URL(await newDatabase(server)).pathname
  const url = (host: string, root: string) =>
    `postgres://owner@${host}:${server.port}${database}?sslmode=verify-full&sslrootcert=${root}`
  await eventually(
    async () => (await inspect(url('localhost', ours)).catch(() => undefined))?.isEncrypted,
    { what: 'TLS' },
  )
  await expect(inspect(url('localhost', other))).rejects.toMatchObject({
    code: 'DatabaseUnavailable',
    message: expect.stringContaining('certificate'),
  })
  await expect(inspect(url('127.0.0.1', ours))).rejects.toMatchObject({
    code: 'DatabaseUnavailable',
    message: expect.stringContaining('127.0.0.1'),
  })
  await expect(
    inspect(url('db.example.com', ours).replace('verify-full', 'require')),
  ).rejects.toMatchObject({ code: 'InvalidSettings' })
})

test.each(['fsync', 'synchronous_commit'])(
  'a server with %s off is refused at the start',
  async (name) => {
    const url = await newDatabase(server)
    const owner = urlOf(server, 'postgres')
    const set = async (value: string) => {
      await asOwner(owner, `ALTER SYSTEM ${value}`)
      await asOwner(owner, 'SELECT pg_reload_conf()')
    }
    await set(`SET ${name} = off`)
    try {
      const shown = async () => (await asOwner(url, `SHOW ${name}`))[0]?.[name] === 'off'
      await eventually(shown, { what: `${name} off` })
      const actor = {
        resource: 'task/one',
        now: Date.now(),
        incarnation: 'one',
        leaseMs: 30_000,
        onRegained: () => {},
        onLost: () => {},
      }
      await expect(openPostgresStore({ url, actor })).rejects.toMatchObject({
        code: 'DatabaseNotUsable',
        message: expect.stringContaining(name),
      })
    } finally {
      await set(`RESET ${name}`)
    }
    await eventually(async () => (await asOwner(url, `SHOW ${name}`))[0]?.[name] === 'on')
  },
)

test('a database that hangs costs a sidecar four connections and bounded time, and the entitlement nothing', async () => {
  const url = await newDatabase(server)
  const sidecar = await startSidecar(url, 'one')
  await sidecar.entitled()
  expect(await sidecar.post({ dimension: 'requests', quantity: 1 })).toMatchObject({ status: 200 })
  const release = await lockTables(url)
  const answers = Array.from({ length: 100 }, (_, index) =>
    sidecar.post({ dimension: 'requests', quantity: 1, idempotencyKey: `key-${index}` }),
  )
  const looks = Array.from({ length: 20 }, () => sidecar.get('/v1/usage'))
  expect(await sidecar.get('/v1/entitlement')).toMatchObject({ status: 200 })
  expect(await sidecar.ops('/livez')).toMatchObject({ status: 200 })
  const name = new URL(url).pathname.slice(1)
  const [row] = await asOwner(
    urlOf(server, 'postgres'),
    `SELECT count(*)::int AS open FROM pg_stat_activity
     WHERE datname = '${name}' AND application_name = 'marketplace-sidecar'`,
  )
  expect(row?.['open']).toBeLessThanOrEqual(4)
  // After the lock timeout of five seconds the whole group is answered, and not one after the other.
  expect(await answers[0]).toMatchObject({ status: 503, body: { code: 'LedgerBusy' } })
  await release()
  for (const { status } of await Promise.all(answers)) expect([200, 503]).toContain(status)
  for (const { status } of await Promise.all(looks)) expect([200, 503]).toContain(status)
  expect(
    await sidecar.post({ dimension: 'requests', quantity: 1, idempotencyKey: 'key-0' }),
  ).toMatchObject({ status: 200 })
})

async function lockTables(url: string): Promise<() => Promise<void>> {
  const other = new Client({ connectionString: url })
  await other.connect()
  await other.query('BEGIN; LOCK TABLE marketplace_sidecar.open IN ACCESS EXCLUSIVE MODE')
  return () => other.end()
}

test('an audit of a large ledger may take longer than any other statement', async () => {
  const url = await newDatabase(server)
  const store = await openPostgresStore({ url, statementTimeoutMs: 100 })
  onTestFinished(() => store.close())
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  for (const [audit, found] of [
    [() => store.audited(), { unbalanced: [], sharedMeteringIds: [] }],
    [() => store.sharedMeteringIds(), []],
  ] as const) {
    await client.query('BEGIN; LOCK TABLE marketplace_sidecar.record')
    const audited = audit()
    // Three times as long as another one may take.
    await eventually(async () => {
      const { rows } = await client.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
         AND query_start < clock_timestamp() - interval '300 milliseconds'`,
      )
      return rows.length > 0
    })
    await client.query('COMMIT')
    expect(await audited).toEqual(found)
  }
})
