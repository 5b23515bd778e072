import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { migrate, schemaVersion } from '../../../src/store/sqlite/migrations/migrate.ts'
import { schema2 } from '../../../src/store/sqlite/migrations/schema-2.ts'
import { openBench, reportOf, temporaryDirectory, unit } from '../../support/ledger/ledger-bench.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { refusal } from '../../support/refusal.ts'

/**
 * A ledger that the first edition wrote and closed: records of every state, two divisors of `storage`,
 * open usage with and without tags, fractions, late usage, idempotency keys and a note.
 */
const fixture = fileURLToPath(new URL('fixtures/ledger-schema-1.db', import.meta.url))
const resource = 'arn:aws:ecs:us-east-1:111122223333:task/shop/one'
const nine = Date.parse('2026-03-10T09:00:00Z')
const hourMs = 3_600_000

/** Today's product file no longer has the dimension `forgotten`. */
const divisors: Readonly<Record<string, bigint>> = { storage: 4096n, fresh: 8n }
const meaningOf = (dimension: string) => ({
  productCode: 'product-today',
  divisor: divisors[dimension] ?? 1n,
})

function oldBook(): string {
  const directory = temporaryDirectory()
  copyFileSync(fixture, join(directory, 'ledger.db'))
  return directory
}

/** Opens the book as the task that wrote it would, a moment later. */
async function upgrade(directory = oldBook()) {
  const clock = new ManualClock('2026-03-10T11:16:00Z')
  const known = (dimension: string) =>
    dimension === 'forgotten' ? (undefined as never) : meaningOf(dimension)
  return openBench({ directory, clock, resource, meaningOf: known })
}

/** Of the fixture, in millionths by dimension. */
const reported: Readonly<Record<string, bigint>> = {
  calls: 3_007_250_000n,
  forgotten: 5_368_709_120_000_000n,
  fresh: 9_000_000n,
  jobs: 7_250_000n,
  requests: 3_019_000_000n,
  seats: 3_007_250_000n,
  storage: 12_096_000_000n,
}

describe('a ledger of the first edition', () => {
  test('keeps every unit and balances', async () => {
    const { ledger } = await upgrade()
    const balances = await ledger.audit()
    expect(imbalancesOf(balances)).toEqual([])
    const sums = Map.groupBy(balances, ({ dimension }) => dimension)
    for (const [dimension, expected] of Object.entries(reported))
      expect(
        (sums.get(dimension) ?? []).reduce((sum, account) => sum + account.reported, 0n),
        dimension,
      ).toBe(expected)
  })

  test('keeps its records, with an account for each divisor that they were sealed with', async () => {
    const { directory } = await upgrade()
    const everything = { since: undefined, until: undefined, dimension: undefined }
    const records = await readBook(directory, async (book) => {
      const all: MeteringRecord[] = []
      for await (const record of book.records(everything)) all.push(record)
      return all
    })
    expect(
      records.map(({ dimension, hour, quantity, divisor, state }) =>
        [dimension, new Date(hour).getUTCHours(), quantity / unit, divisor, state].join(' '),
      ),
    ).toMatchInlineSnapshot(`
      [
        "requests 9 12 1 accepted",
        "seats 9 7 1 refused",
        "calls 9 7 1 unresolved",
        "jobs 9 7 1 moved",
        "storage 9 4 1024 accepted",
        "requests 10 3002 1 sending",
        "seats 10 3000 1 sending",
        "calls 10 3000 1 sealed",
        "jobs 10 7 1 sealed",
        "storage 10 1 2048 sealed",
      ]
    `)
    expect(records[0]).toMatchObject({
      productCode: 'product-1',
      resource,
      meteringRecordId: 'metering-requests',
      attempts: 1,
    })
    const [first] = records.filter(({ dimension }) => dimension === 'requests')
    expect(first?.allocations).toEqual([
      { tags: '', quantity: 7n * unit },
      { tags: '[["team","a"]]', quantity: 5n * unit },
    ])
  })

  test('counts what was under way when it ended as possibly taken', async () => {
    const { ledger } = await upgrade()
    const { pending } = await ledger.usage()
    expect(
      pending.map(({ dimension, state, ambiguous }) => [dimension, state, ambiguous]),
    ).toContainEqual(['seats', 'sending', true])
  })

  test('gives open usage the meaning of its newest record, else of the product file', async () => {
    const { ledger, clock } = await upgrade()
    await clock.advance(hourMs)
    const records = await sealHours(ledger, clock)
    const meaning = (name: string) =>
      records
        .filter(({ dimension }) => dimension === name)
        .map(({ productCode, divisor, quantity }) => ({ productCode, divisor, quantity }))
    expect(meaning('storage')).toEqual([
      { productCode: 'product-1', divisor: 2048n, quantity: 2n * unit },
    ])
    expect(meaning('fresh')).toEqual([
      { productCode: 'product-today', divisor: 8n, quantity: unit },
    ])
  })

  test('holds open usage whose divisor nothing says: it is never sealed by itself', async () => {
    const { ledger, clock, directory } = await upgrade()
    await clock.advance(hourMs)
    const records = await sealHours(ledger, clock)
    expect(records.map(({ dimension }) => dimension)).not.toContain('forgotten')
    const sums = await readBook(directory, (book) => book.accountSums())
    expect(sums.find(({ dimension }) => dimension === 'forgotten')).toMatchObject({
      open: 0n,
      held: reported['forgotten'],
    })
  })

  test('knows the idempotency keys, late usage and notes that it had', async () => {
    const { ledger } = await upgrade()
    const repeat = reportOf('requests', 7_250_000n, { idempotencyKey: 'key-requests' })
    const [receipt] = await ledger.report({ reports: [repeat], idempotencyKey: undefined })
    expect(receipt).toEqual({ result: 'duplicate', hour: nine, late: false })
    expect(await ledger.recall('grace')).toBe('{"until":1}')
    expect((await ledger.usage()).late).toEqual([
      { dimension: 'requests', hour: nine + hourMs, quantity: 2n * unit },
    ])
  })

  test('has the dimension of late usage whole, and its amount to the millionth', async () => {
    const directory = oldBook()
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    const put = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)')
    const much = (2n ** 53n + 1n) * unit + 1n
    put.run(`late:${nine}:late:1:of\nteam`, String(much))
    // A name that only contains what late usage begins with.
    put.run('note:late:2:x', 'noted')
    database.close()
    const { ledger } = await upgrade(directory)
    expect((await ledger.usage()).late).toEqual([
      { dimension: 'late:1:of\nteam', hour: nine, quantity: much },
      { dimension: 'requests', hour: nine + hourMs, quantity: 2n * unit },
    ])
    expect(await ledger.recall('late:2:x')).toBe('noted')
  })

  test('that nobody has owned yet is upgraded', async () => {
    const directory = oldBook()
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    for (const table of ['open', 'record', 'idempotency', 'key', 'resource', 'meta'])
      database.exec(`DELETE FROM ${table}`)
    database.close()
    const { ledger } = await upgrade(directory)
    expect(await ledger.audit()).toEqual([])
    expect(await ledger.usage()).toMatchObject({ open: [], held: [], late: [], pendingCount: 0 })
  })

  test('keeps sums that are larger than a number of JavaScript', async () => {
    const directory = oldBook()
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    const more = 2n ** 53n + 1n
    database.exec(`UPDATE key SET reported_whole = reported_whole + ${more} WHERE dimension = 'fresh';
      UPDATE open SET whole = whole + ${more}
      WHERE key_id = (SELECT id FROM key WHERE dimension = 'fresh')`)
    database.close()
    const { ledger } = await upgrade(directory)
    const balances = await ledger.audit()
    expect(imbalancesOf(balances)).toEqual([])
    const fresh = balances.find(({ dimension }) => dimension === 'fresh')
    expect(fresh?.reported).toBe((reported['fresh'] ?? 0n) + more * unit)
  })

  test('has no record id twice', async () => {
    const directory = oldBook()
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    // There were records with higher ids, which are forgotten.
    database.exec("UPDATE sqlite_sequence SET seq = 99 WHERE name = 'record'")
    database.close()
    const { ledger, clock } = await upgrade(directory)
    await clock.advance(hourMs)
    const records = await sealHours(ledger, clock)
    expect(Math.min(...records.map(({ id }) => id))).toBe(100)
  })

  test('opens without the index that later files of its version have', async () => {
    const directory = oldBook()
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    database.exec('DROP INDEX record_hour')
    database.close()
    const { ledger } = await upgrade(directory)
    expect(imbalancesOf(await ledger.audit())).toEqual([])
  })

  test('stays as it is when the upgrade fails halfway', async () => {
    const directory = oldBook()
    const failing = openBench({
      directory,
      resource,
      meaningOf: () => {
        throw new Error('stop')
      },
    })
    await expect(failing).rejects.toThrow('stop')
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    expect(database.prepare('SELECT count(*) AS n FROM key').get()).toEqual({ n: 7 })
    database.close()
    const { ledger } = await upgrade(directory)
    expect(imbalancesOf(await ledger.audit())).toEqual([])
  })

  test('is not changed by the commands, which say how to upgrade it', async () => {
    const directory = oldBook()
    const reading = readBook(directory, (book) => book.accountSums())
    await expect(reading).rejects.toMatchObject(refusal('LedgerTooOld'))
    expect(readFileSync(join(directory, 'ledger.db'))).toEqual(readFileSync(fixture))
  })
})

test('an upgraded file has the very tables of a new one', () => {
  const tablesOf = (database: DatabaseSync) =>
    database
      .prepare("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
      .all()
  const fresh = new DatabaseSync(':memory:')
  migrate(fresh, 0, meaningOf)
  const upgraded = new DatabaseSync(join(oldBook(), 'ledger.db'))
  migrate(upgraded, 0, meaningOf)
  expect(upgraded.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion })
  expect(tablesOf(upgraded)).toEqual(tablesOf(fresh))
  expect(upgraded.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  expect(upgraded.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
})

test('a ledger of schema 2 gets what it lacks, and keeps its customers', () => {
  const tables = (database: DatabaseSync) =>
    database
      .prepare("SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")
      .all()
      .map((row) => JSON.stringify(row))
      .toSorted()
  const columns = (database: DatabaseSync) =>
    database.prepare("SELECT name FROM pragma_table_info('registration')").all()
  const fresh = new DatabaseSync(':memory:')
  migrate(fresh, nine, meaningOf)
  const old = new DatabaseSync(':memory:')
  old.exec(schema2)
  old.exec("INSERT INTO registration VALUES (1, 'acme', 'identifier', 'acme1', '', 1, NULL)")
  old.exec('PRAGMA user_version = 2')
  migrate(old, nine, meaningOf)
  expect(old.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion })
  expect(tables(old)).toEqual(tables(fresh))
  expect(columns(old)).toEqual(columns(fresh))
  expect(old.prepare('SELECT identifier, starts_at FROM registration WHERE id = 1').get()).toEqual({
    identifier: 'acme1',
    starts_at: 0,
  })
})

test('idempotency keys of an earlier schema are known by their digests, and their size is counted', async () => {
  const { ledger, directory } = await upgrade()
  await ledger.close()
  const database = new DatabaseSync(join(directory, 'ledger.db'))
  const lengths = database.prepare('SELECT DISTINCT length(key) AS bytes FROM idempotency').all()
  expect(lengths).toEqual([{ bytes: 16 }])
  expect(database.prepare('SELECT bytes FROM idempotency_size').get()).toEqual(
    database.prepare('SELECT sum(97 + length(receipts)) AS bytes FROM idempotency').get(),
  )
  database.close()
})

describe('a ledger of 0.2.0', () => {
  const schema3 = fileURLToPath(new URL('fixtures/ledger-schema-3.db', import.meta.url))

  /** Two customers with records of every state, open usage, and usage that waits for its customer. */
  async function upgraded() {
    const directory = temporaryDirectory()
    copyFileSync(schema3, join(directory, 'ledger.db'))
    return openBench({
      directory,
      clock: new ManualClock('2026-03-10T15:16:00Z'),
      resource: 'saas:product-1:us-east-1',
      customers: { form: 'account', region: 'us-east-1', lateUsage: 'carry' },
    })
  }

  test('keeps every unit, and what the database keeps as sums is what the rows hold', async () => {
    const { ledger, directory } = await upgraded()
    const kept = await ledger.audit()
    expect(imbalancesOf(kept)).toEqual([])
    const rows = await readBook(directory, (book) => book.accountSums())
    const byName = (sums: readonly { customer: string; dimension: string; recorded: bigint }[]) =>
      sums.map((each) => `${each.customer} ${each.dimension} ${each.recorded}`).toSorted()
    expect(byName(kept)).toEqual(byName(rows))
    expect(kept.some(({ recorded }) => recorded > 0n)).toBe(true)
  })

  test('counts the records of each state as before', async () => {
    const { ledger } = await upgraded()
    const { states } = await ledger.gauges()
    expect(Object.fromEntries(states)).toEqual({
      accepted: 2,
      moved: 2,
      refused: 2,
      sealed: 2,
      sending: 2,
      unresolved: 2,
    })
  })
})
