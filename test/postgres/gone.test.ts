import { describe, expect, inject, test } from 'vitest'
import { createSystemClock } from '../../src/kernel/clock.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const dayMs = 86_400_000

/** Tasks on one database. */
async function setUp() {
  const url = await newDatabase(server)
  const open = (name: string, offset = 0) =>
    openSharedLedger(url, `task/${name}`, new ManualClock(createSystemClock().now() + offset), {
      meaningOf: () => ({ productCode: 'product', divisor: 1n }),
    })
  const sql = (text: string) => asOwner(url, text.replaceAll('$s', 'marketplace_sidecar'))
  /** As if a task had given its last sign of life so many days ago. */
  const age = (name: string, days: number) =>
    sql(`UPDATE $s.lease SET until = until - interval '${days} days' FROM $s.resource
         WHERE id = resource_id AND identity = 'task/${name}'`)
  const tasks = async () => {
    const rows = await sql(
      "SELECT identity FROM $s.resource WHERE identity <> 'cluster' ORDER BY id",
    )
    return rows.map(({ identity }) => String(identity).slice('task/'.length))
  }
  const total = async (column: string, table: string) =>
    (await sql(`SELECT SUM(${column}) AS sum FROM $s.${table}`))[0]?.['sum']
  return { open, sql, age, tasks, total }
}

/** The same, with one task that is gone and what it had taken over by another. */
async function setUpGone() {
  const book = await setUp()
  const gone = await book.open('gone')
  await gone.report('requests', 5n * unit, { idempotencyKey: 'a' })
  await gone.ledger.remember('a note', 'of a start')
  await book.sql(`INSERT INTO $s.cursor SELECT id, 'page', 'series', 1, 0, 0 FROM $s.resource`)
  await gone.ledger.close()
  const taker = await book.open('taker')
  await taker.ledger.takeOver()
  return { ...book, taker }
}

describe('a task that is gone', () => {
  test('leaves no row after 45 days, and every sum stays', async () => {
    const { age, tasks, total, taker } = await setUpGone()
    await taker.report('requests', unit, { idempotencyKey: 'b' })
    const sums = () => Promise.all([total('micro', 'reported'), total('key_bytes', 'lease')])
    const before = await sums()
    await age('gone', 44)
    await taker.ledger.prune()
    expect(await tasks()).toEqual(['gone', 'taker'])
    await age('gone', 2)
    await taker.ledger.prune()
    expect(await tasks()).toEqual(['taker'])
    expect(await sums()).toEqual(before)
    expect(await total('1', 'cursor')).toBe('1')
    expect(await imbalances(taker.ledger)).toEqual([0n])
  })

  test('begins anew when it comes back, and counts', async () => {
    const { age, open, tasks, taker } = await setUpGone()
    await age('gone', 46)
    await taker.ledger.prune()
    const back = await open('gone')
    await back.report('requests', unit)
    expect(await tasks()).toEqual(['taker', 'gone'])
    expect(await imbalances(taker.ledger)).toEqual([0n])
  })

  test.each([
    [
      'is held',
      `INSERT INTO $s.held (resource_id, account_id, hour, tags, micro, reason, since)
       SELECT resource.id, account.id, 0, '', 0, 'late', 0 FROM $s.resource, $s.account WHERE identity = 'task/gone'`,
    ],
    [
      'an operator decided',
      `INSERT INTO $s.note SELECT id, 'operator.decisions', '[]' FROM $s.resource WHERE identity = 'task/gone'`,
    ],
    ['names it as owner', `INSERT INTO $s.meta VALUES ('owner', 'task/gone')`],
  ])('stays while something of it %s', async (_, left) => {
    const { age, sql, tasks, taker } = await setUpGone()
    await sql(left)
    await age('gone', 46)
    await taker.ledger.prune()
    expect(await tasks()).toEqual(['gone', 'taker'])
  })

  test('that has a record stays as long as that', async () => {
    const { age, sql, tasks, taker } = await setUpGone()
    await taker.seal(true)
    await sql(`UPDATE $s.record SET state = 'unresolved', resource_id =
                 (SELECT id FROM $s.resource WHERE identity = 'task/gone')`)
    await age('gone', 46)
    await taker.ledger.prune()
    expect(await tasks()).toEqual(['gone', 'taker'])
  })
})

test('a task whose clock is a hundred days ahead forgets none that was there yesterday', async () => {
  const { age, open, tasks } = await setUpGone()
  await age('gone', 1)
  const ahead = await open('ahead', 100 * dayMs)
  await ahead.ledger.prune()
  expect(await tasks()).toEqual(['gone', 'taker', 'ahead'])
})

test('a task that was paused for 45 days ends, and nothing of it is counted twice', async () => {
  const { age, open, sql, taker } = await setUpGone()
  const paused = await open('paused')
  await paused.report('requests', unit)
  await age('paused', 46)
  await taker.ledger.takeOver()
  await taker.ledger.prune()
  await expect(paused.report('requests', unit)).rejects.toMatchObject({ code: 'LedgerInUse' })
  expect(await sql('SELECT SUM(micro) AS sum FROM $s.reported')).toEqual([{ sum: '6000000' }])
  expect(await imbalances(taker.ledger)).toEqual([0n])
})
