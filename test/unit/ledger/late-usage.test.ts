import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, reportOf, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const late = { occurredAt: nine + 60_000 }

/** A ledger at 10:15 whose hour of 09:00 is closed for `dimensions`. */
async function atTen(...dimensions: readonly string[]): Promise<LedgerBench> {
  const bench = await openBench()
  for (const dimension of dimensions) await bench.report(dimension, unit)
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)
  return bench
}

test('late usage is summed up by the hour that took it, exactly', async () => {
  const bench = await atTen('requests', 'storage: cold')
  for (const quantity of [1n, 10n ** 21n]) await bench.report('requests', quantity, late)
  await bench.report('storage: cold', 3n * unit, late)
  await bench.report('requests', unit)
  expect((await bench.ledger.usage()).late).toEqual([
    { dimension: 'requests', hour: nine + hourMs, quantity: 10n ** 21n + 1n },
    { dimension: 'storage: cold', hour: nine + hourMs, quantity: 3n * unit },
  ])
})

test('usage that is not late leaves nothing', async () => {
  const bench = await atTen('requests')
  await bench.report('storage', unit, late)
  await bench.report('requests', unit)
  expect((await bench.ledger.usage()).late).toEqual([])
})

test('a request that is refused, or repeated, counts nothing late', async () => {
  const bench = await atTen('requests')
  const keyed = reportOf('requests', unit, { ...late, idempotencyKey: 'a' })
  const request = { reports: [keyed, keyed], idempotencyKey: undefined }
  await bench.ledger.report(request)
  await bench.ledger.report(request)
  const tooOld = reportOf('requests', unit, { occurredAt: nine - 8 * hourMs })
  await expect(
    bench.ledger.report({
      reports: [reportOf('requests', unit, late), tooOld],
      idempotencyKey: 'b',
    }),
  ).rejects.toMatchObject(refusal('OccurredAtTooOld'))
  expect((await bench.ledger.usage()).late).toMatchObject([{ quantity: unit }])
})

test('after 48 hours it is not told any more, and then forgotten', async () => {
  const bench = await atTen('requests')
  await bench.report('requests', unit, late)
  const rows = () => {
    const database = new DatabaseSync(join(bench.directory, 'ledger.db'), { readOnly: true })
    const { length } = database.prepare('SELECT 1 FROM late_usage').all()
    database.close()
    return length
  }
  await bench.clock.advance(47 * hourMs)
  await bench.ledger.prune()
  expect([(await bench.ledger.usage()).late.length, rows()]).toEqual([1, 1])
  await bench.clock.advance(2 * hourMs)
  expect([(await bench.ledger.usage()).late.length, rows()]).toEqual([0, 1])
  await bench.ledger.prune()
  expect(rows()).toBe(0)
})
