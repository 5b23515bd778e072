import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../kill/commands/operator-process.ts'
import { CountingProxy } from './support/counting-proxy.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { databaseOfSchema1, shapeOf } from './support/older-database.ts'

const server = inject('postgres')

/** Changes the tables as a sidecar of 0.2.0 does, which acts for the task that is there. */
const writeAsBefore = (url: string) =>
  asOwner(
    url,
    `SET lock_timeout = '20s';
     UPDATE marketplace_sidecar.lease SET sequence = sequence + 1;
     INSERT INTO marketplace_sidecar.idempotency (key, digest, receipts, created_at)
     VALUES (sha256(clock_timestamp()::text::bytea), 'b', 'c', 0)`,
  )

test('a migration that is killed at any of its steps leaves a database on which older sidecars write, and goes on', async () => {
  const proxy = await CountingProxy.start(server.port)
  onTestFinished(() => proxy.close())
  const migrate = (url: string, onStart?: (kill: () => void) => void) => {
    const env = { SIDECAR_DATABASE_URL: proxy.through(url) }
    return runCommand(['migrate'], undefined, { env, ...(onStart && { onStart }) })
  }
  expect(await migrate(await databaseOfSchema1(server))).toBe('done')
  const { messages, commits } = proxy
  const [tables = 0, version = 0] = commits
  expect(version - tables).toBeGreaterThan(8)

  const url = await databaseOfSchema1(server)
  let written = 1
  for (const [message, when] of [
    [tables - 1, 'after'],
    [tables, 'before'],
    [tables, 'after'],
    [tables + 3, 'before'],
    [tables + 8, 'after'],
    [version - 4, 'before'],
    [version, 'before'],
  ] as const) {
    const end = await migrate(url, (kill) => proxy.at(message, when, kill))
    expect([message, end]).toEqual([message, 'killed'])
    await writeAsBefore(url)
    written += 1
  }
  expect(messages).toBeGreaterThanOrEqual(version)
  proxy.at(Infinity, 'before', () => {})
  expect(await migrate(url)).toBe('done')
  expect(await shapeOf(url)).toEqual(await shapeOf(await newDatabase(server)))
  const count = 'SELECT count(*)::int AS keys FROM marketplace_sidecar.idempotency'
  expect(await asOwner(url, count)).toEqual([{ keys: written }])
})

test('an index that a cut connection left half made is made again', async () => {
  const url = await databaseOfSchema1(server)
  const other = new Client({ connectionString: url })
  await other.connect()
  onTestFinished(() => other.end())
  await other.query('BEGIN; LOCK TABLE marketplace_sidecar.open IN ROW EXCLUSIVE MODE')
  const env = { SIDECAR_DATABASE_URL: url }
  const cut = runCommand(['migrate'], undefined, { env })
  await eventually(async () => {
    const ended = await asOwner(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE 'CREATE INDEX%open_account%'`,
    )
    return ended.length > 0
  })
  expect(await cut).toBe('refused')
  await other.query('COMMIT')
  const broken = 'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid'
  expect(await asOwner(url, broken)).toEqual([{ name: 'marketplace_sidecar.open_account' }])
  expect(await runCommand(['migrate'], undefined, { env })).toBe('done')
  expect(await shapeOf(url)).toEqual(await shapeOf(await newDatabase(server)))
})
