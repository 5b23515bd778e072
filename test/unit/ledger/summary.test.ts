import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { migrate } from '../../../src/store/sqlite/migrations/migrate.ts'
import { Summaries } from '../../../src/store/sqlite/summaries.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

test('the lists of records leave out the allocations, and those for an operator have them', async () => {
  const bench = await openBench()
  await bench.report('requests', 2n * unit, { tags: '[["team","blue"]]' })
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)

  const [record] = (await bench.ledger.usage()).pending
  expect(record).toMatchObject({ dimension: 'requests', quantity: 2_000_000n })
  expect(Object.keys(record ?? {})).not.toContain('allocations')
  const overview = await readBook(bench.directory, (book) => book.wholeOverview(bench.clock.now()))
  expect(overview.pending).toMatchObject([
    { ...record, allocations: [{ tags: '[["team","blue"]]', quantity: 2_000_000n }] },
  ])
})

class RecordingDatabase extends DatabaseSync {
  readonly asked: string[] = []

  override prepare(sql: string) {
    this.asked.push(sql)
    return super.prepare(sql)
  }
}

test('no question reads all the records that were ever sent, but that for the last failure', () => {
  const database = new RecordingDatabase(':memory:')
  migrate(database, 0, () => undefined)
  database.asked.length = 0
  new Summaries(database).gauges()
  const questions = [...database.asked]
  const plansOf = (sql: string) =>
    database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(sql.includes('?') ? [0] : []))
  // An index of the records that wait has no others.
  const readsAll = questions.filter((sql) =>
    plansOf(sql).some(({ detail }) =>
      /^SCAN record( USING INDEX (?!record_unsent).*)?$/.test(String(detail)),
    ),
  )
  database.close()
  expect(questions.length).toBeGreaterThan(10)
  expect(readsAll).toEqual([expect.stringContaining('ORDER BY last_attempt_at DESC LIMIT 1')])
})

test('no question of a dashboard reads the tag sets of open usage', () => {
  const database = new RecordingDatabase(':memory:')
  migrate(database, 0, () => undefined)
  database.asked.length = 0
  const summaries = new Summaries(database)
  summaries.gauges()
  summaries.usage(0)
  const questions = [...database.asked]
  database.close()
  expect(questions.some((sql) => sql.includes('FROM open_sum'))).toBe(true)
  expect(questions.filter((sql) => /(FROM|JOIN) open\b/.test(sql))).toEqual([])
})
