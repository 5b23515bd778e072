import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { hourMs } from '../../src/metering/hour.ts'
import { migrateDatabase } from '../../src/store/postgres/migrations/migrate-database.ts'
import { schemaVersion } from '../../src/store/postgres/migrations/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { databaseOfSchema1, shapeOf } from './support/older-database.ts'
import { openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const meaningOf = () => ({ productCode: 'product', divisor: 1n })

/** What a sidecar of 0.2.0 sends with a new key, and when it forgets old ones. */
const olderReport = `
  UPDATE marketplace_sidecar.lease SET sequence = sequence + 1;
  INSERT INTO marketplace_sidecar.idempotency (key, digest, receipts, created_at)
  VALUES (sha256(clock_timestamp()::text::bytea), 'b', repeat('c', 30), 0)`
const olderForget = `
  UPDATE marketplace_sidecar.lease SET sequence = sequence + 1 WHERE resource_id = 1;
  DELETE FROM marketplace_sidecar.idempotency WHERE key IN (
    SELECT key FROM marketplace_sidecar.idempotency
    ORDER BY created_at LIMIT 5000 FOR UPDATE SKIP LOCKED)`

async function keyBytes(url: string): Promise<unknown> {
  const [row] = await asOwner(
    url,
    `SELECT (SELECT sum(key_bytes)::int FROM marketplace_sidecar.lease) AS counted,
            (SELECT count(*)::int FROM marketplace_sidecar.idempotency) AS keys`,
  )
  return row
}

test('a database of 0.2.0 gets the tables of a new one', async () => {
  const url = await databaseOfSchema1(server)
  expect(await migrateDatabase(url, undefined)).toMatchObject({ from: 1, to: schemaVersion })
  expect(await shapeOf(url)).toEqual(await shapeOf(await newDatabase(server)))
  expect(await migrateDatabase(url, undefined)).toMatchObject({ from: schemaVersion })
})

test('a database of 0.2.0 accepts reports once it is migrated', async () => {
  const url = await databaseOfSchema1(server)
  const clock = new ManualClock()
  const open = () => openSharedLedger(url, 'task/new', clock, { meaningOf })
  await expect(open()).rejects.toMatchObject({ code: 'DatabaseNotMigrated' })
  await migrateDatabase(url, undefined)
  const { report } = await open()
  expect(await report('requests', unit, { idempotencyKey: 'new' })).toMatchObject([
    { result: 'accepted' },
  ])
})

test('the room of keys is that of those which are counted, whichever version stores and forgets keys', async () => {
  const url = await databaseOfSchema1(server)
  await migrateDatabase(url, undefined)
  const clock = new ManualClock()
  const { ledger, report } = await openSharedLedger(url, 'task/new', clock, { meaningOf })
  await report('requests', unit, { idempotencyKey: 'counted' })
  const [{ bytes = 0 } = {}] = (await asOwner(
    url,
    'SELECT bytes FROM marketplace_sidecar.idempotency WHERE bytes > 0',
  )) as { bytes?: number }[]
  expect(bytes).toBeGreaterThan(170)
  await asOwner(url, olderReport)
  expect(await keyBytes(url)).toEqual({ counted: bytes, keys: 3 })
  // Those of the older version are of the year 1970, and go.
  await clock.advance(hourMs)
  await ledger.prune()
  expect(await keyBytes(url)).toEqual({ counted: bytes, keys: 1 })
  await asOwner(url, olderForget)
  expect(await keyBytes(url)).toEqual({ counted: 0, keys: 0 })
})

test('sidecars of 0.2.0 go on while the indexes of a large table are made', async () => {
  const url = await databaseOfSchema1(server)
  // An index waits for what has changed its table before.
  const other = new Client({ connectionString: url })
  await other.connect()
  onTestFinished(() => other.end())
  await other.query('BEGIN; LOCK TABLE marketplace_sidecar.record IN ROW EXCLUSIVE MODE')
  let isDone = false
  const migrated = migrateDatabase(url, undefined).finally(() => (isDone = true))
  await eventually(async () => {
    const [row] = await asOwner(
      url,
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE 'CREATE INDEX%record_waiting%'`,
    )
    return row?.['waiting'] === 1
  })
  await asOwner(url, `SET statement_timeout = '5s'; ${olderReport}`)
  await asOwner(
    url,
    `SET statement_timeout = '5s';
     UPDATE marketplace_sidecar.record SET state = 'sending' WHERE id = 0;
     DELETE FROM marketplace_sidecar.open WHERE hour = 0`,
  )
  expect(isDone).toBe(false)
  await other.query('COMMIT')
  expect(await migrated).toMatchObject({ to: schemaVersion })
})
