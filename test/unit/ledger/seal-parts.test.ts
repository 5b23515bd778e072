import { expect, test } from 'vitest'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { defaultRules, sealHours } from '../../support/ledger/seal-rules.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'

const hourMs = 3_600_000

/** Usage of so many tag sets. */
const tagged = (dimension: string, length: number) => ({
  idempotencyKey: undefined,
  reports: Array.from({ length }, (_, index) => ({
    dimension,
    quantity: unit,
    occurredAt: undefined,
    tags: JSON.stringify([['team', `team-${index}`]]),
    idempotencyKey: undefined,
  })),
})

/** A ledger whose hour that is over has 1,500 tag sets in each of three dimensions. */
async function filled() {
  const bench = await openBench()
  for (const dimension of ['requests', 'seats', 'storage'])
    await bench.ledger.report(tagged(dimension, 1500))
  await bench.clock.advance(hourMs)
  return bench
}

test('an hour of many tag sets is sealed in several transactions, and each record is whole', async () => {
  const bench = await filled()
  const { ledger, clock } = bench
  const before = bench.told('ledgerCommitted').length
  const records = await sealHours(ledger, clock)
  expect(bench.told('ledgerCommitted').length - before).toBe(3)
  expect(records.map(({ dimension, quantity }) => [dimension, quantity / unit])).toEqual([
    ['requests', 1500n],
    ['seats', 1500n],
    ['storage', 1500n],
  ])
  expect(records.map(({ parts }) => parts[0]?.allocations?.length)).toEqual([1500, 1500, 1500])
  expect((await ledger.audit()).map(({ open, imbalance }) => [open, imbalance])).toEqual(
    records.map(() => [0n, 0n]),
  )
})

test('a zero record never takes the hour of usage that a later transaction seals', async () => {
  const { ledger, clock } = await filled()
  const now = clock.now()
  const hour = now - (now % hourMs) - hourMs
  const records = await Array.fromAsync(
    ledger.seal({
      before: hour + hourMs,
      now,
      plan: (input) => planSeal(input, { ...defaultRules, zeroRecords: true }),
      zeroHours: ['storage', 'idle'].map((dimension) => ({ dimension, hour })),
    }),
  )
  expect(records.map(({ dimension, quantity }) => [dimension, quantity / unit])).toEqual([
    ['requests', 1500n],
    ['seats', 1500n],
    ['storage', 1500n],
    ['idle', 0n],
  ])
})

test('an hour in which the product file changed twice is one record, however many tag sets it has', async () => {
  let divisor = 1n
  const { ledger, clock } = await openBench({
    meaningOf: () => ({ productCode: 'product', divisor }),
  })
  for (divisor of [1n, 2n, 4n]) await ledger.report(tagged('requests', 1200))
  await clock.advance(hourMs)
  const records = await sealHours(ledger, clock)
  expect(records.map(({ quantity }) => quantity / unit)).toEqual([1200n + 600n + 300n])
  expect((await ledger.audit()).map(({ open, imbalance }) => [open, imbalance])).toEqual(
    [1n, 2n, 4n].map(() => [0n, 0n]),
  )
})
