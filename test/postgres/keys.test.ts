import { describe, expect, inject, test } from 'vitest'
import { createSystemClock } from '../../src/kernel/clock.ts'
import { hourMs } from '../../src/metering/hour.ts'
import { reportOf, unit } from '../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../support/ledger/one-record.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { imbalances, openSharedLedger, type SharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const realTime = createSystemClock()
const dayMs = 24 * hourMs
const key = { idempotencyKey: 'a' }

/** Tasks on one database, each with a clock that is so far from the server's. */
async function setUp() {
  const url = await newDatabase(server)
  const open = async (name: string, offset = 0, limit: { keyLimitBytes?: number } = {}) => {
    const clock = new ManualClock(realTime.now() + offset)
    const meaningOf = () => ({ productCode: 'product', divisor: 1n }) as const
    return {
      clock,
      ...(await openSharedLedger(url, `task/${name}`, clock, { meaningOf, ...limit })),
    }
  }
  const age = (ms: number) =>
    asOwner(url, `UPDATE marketplace_sidecar.idempotency SET created_at = created_at - ${ms}`)
  return { url, open, age }
}

async function isKept({ report }: Pick<SharedLedger, 'report'>): Promise<boolean> {
  const [receipt] = await report('requests', unit, key)
  return receipt?.result === 'duplicate'
}

test('a task whose clock is two days ahead forgets no key of another', async () => {
  const { open } = await setUp()
  const right = await open('right')
  const ahead = await open('ahead', 2 * dayMs)
  await right.report('requests', unit, key)
  await ahead.ledger.prune()
  expect(await isKept(right)).toBe(true)
})

test('a key that a task stored whose clock is two days behind is kept as long as any other', async () => {
  const { open, age } = await setUp()
  const right = await open('right')
  const behind = await open('behind', -2 * dayMs)
  await behind.report('requests', unit, key)
  await age(24 * hourMs)
  await right.ledger.prune()
  expect(await isKept(right)).toBe(true)
})

test('a key that a task stored whose clock is a year ahead is forgotten two days later', async () => {
  const { open, age } = await setUp()
  const right = await open('right')
  const ahead = await open('ahead', 365 * dayMs)
  await ahead.report('requests', unit, key)
  await age(51 * hourMs)
  await right.ledger.prune()
  expect(await isKept(right)).toBe(false)
})

test('a key is forgotten after 25 hours of the server, also by a task that has taken over another', async () => {
  const { open, age } = await setUp()
  const [gone, taker] = [await open('gone'), await open('taker')]
  await gone.report('requests', unit, key)
  await gone.ledger.close()
  await taker.ledger.takeOver()
  await age(24 * hourMs)
  await taker.ledger.prune()
  expect(await isKept(taker)).toBe(true)
  await age(2 * hourMs)
  await taker.ledger.prune()
  expect(await isKept(taker)).toBe(false)
})

test('a task whose clock is a hundred days ahead forgets no record, reading or late usage', async () => {
  const { url, open } = await setUp()
  const right = await open('right', -hourMs)
  const ahead = await open('ahead', 100 * dayMs)
  await right.report('requests', unit)
  await right.clock.advance(hourMs)
  const [record] = await right.seal()
  await markSending(right.ledger, record?.id ?? 0)
  await settle(right.ledger, record?.id ?? 0, { kind: 'accepted', meteringRecordId: 'm-1' })
  await right.report('requests', unit, { occurredAt: record?.hour })
  await asOwner(
    url,
    `INSERT INTO marketplace_sidecar.reading_hour
     SELECT resource_id, account_id, hour, true, 0 FROM marketplace_sidecar.open`,
  )
  const rows = () =>
    asOwner(
      url,
      `SELECT (SELECT count(*) FROM marketplace_sidecar.record) AS records,
              (SELECT count(*) FROM marketplace_sidecar.late_usage) AS late,
              (SELECT count(*) FROM marketplace_sidecar.reading_hour) AS readings`,
    )
  const before = await rows()
  expect(before).toEqual([{ records: '1', late: '1', readings: '1' }])
  await ahead.ledger.prune()
  expect(await rows()).toEqual(before)
})

describe('the room of keys', () => {
  test('is that of all tasks: at the cap reports with new keys are refused, and no others', async () => {
    const { open, age } = await setUp()
    const limit = { keyLimitBytes: 900 }
    const [a, b] = [await open('a', 0, limit), await open('b', 0, limit)]
    for (const [index, { report }] of [a, a, b, b].entries())
      await report('requests', unit, { idempotencyKey: `key-${index}` })
    const shared = await Promise.allSettled([
      a.report('requests', unit, { idempotencyKey: 'new' }),
      a.report('requests', unit, { idempotencyKey: 'key-3' }),
      a.report('requests', unit),
    ])
    expect(shared).toMatchObject([
      { status: 'rejected', reason: { code: 'LedgerFull' } },
      { status: 'fulfilled', value: [{ result: 'duplicate' }] },
      { status: 'fulfilled', value: [{ result: 'accepted' }] },
    ])
    await age(26 * hourMs)
    await b.ledger.prune()
    await a.ledger.prune()
    expect(await a.report('requests', unit, { idempotencyKey: 'new' })).toMatchObject([
      { result: 'accepted' },
    ])
    expect(await imbalances(a.ledger)).toEqual([0n])
  })

  test('is counted as what they take in the database, stored, repeated and forgotten', async () => {
    const { url, open, age } = await setUp()
    const [a, b] = [await open('a'), await open('b')]
    const batch = (name: number) => ({
      reports: Array.from({ length: 1000 }, (_, index) =>
        reportOf('requests', unit, { idempotencyKey: `${name}-${index}-`.padEnd(255, 'k') }),
      ),
      idempotencyKey: undefined,
    })
    for (let name = 0; name < 20; name += 1) await [a, b][name % 2]?.ledger.report(batch(name))
    await a.ledger.report(batch(1))
    const sizes = async () => {
      const [row] = await asOwner(
        url,
        `SELECT sum(key_bytes)::float AS counted,
                pg_total_relation_size('marketplace_sidecar.idempotency')::float AS taken
         FROM marketplace_sidecar.lease`,
      )
      return row as { counted: number; taken: number }
    }
    const { counted, taken } = await sizes()
    console.log(counted, taken, taken / 20000)
    expect(counted / taken).toBeGreaterThan(0.8)
    expect(counted / taken).toBeLessThan(1.25)
    await age(26 * hourMs)
    await b.ledger.prune()
    expect(await sizes()).toMatchObject({ counted: 0 })
  })
})
