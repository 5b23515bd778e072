import { array, assert, asyncProperty, constantFrom, record } from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const reports = array(
  record({
    dimension: constantFrom('requests', 'storage'),
    quantity: constantFrom(0n, 1n, unit, 7n * unit),
    occurredAt: constantFrom(undefined, nine - hourMs, nine, nine + hourMs),
    tags: constantFrom(untagged, untagged, ...['blue', 'green', 'red'].map(teamOf)),
  }),
  { minLength: 2, maxLength: 12 },
)

function teamOf(value: string) {
  return canonicalTags([{ key: 'team', value }])
}

/** A book that has sealed the hour from nine to ten, and may hold two tag sets an hour. */
async function openSealed() {
  const bench = await openBench({ maxTagSets: 2 })
  for (const dimension of ['requests', 'storage']) await bench.report(dimension, unit)
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)
  const outcome = async () => {
    const { open, late } = await bench.ledger.usage()
    const overflowed = bench
      .told('tagSetsOverflowed')
      .reduce((sum, { reports: each }) => sum + each, 0)
    const told = bench.told('usageReported')
    const sumOf = (name: string) =>
      told
        .filter(({ dimension }) => dimension === name)
        .reduce((sum, { accepted, quantity }) => [sum[0] + accepted, sum[1] + quantity] as const, [
          0,
          0n,
        ] as readonly [number, bigint])
    const sums = [sumOf('requests'), sumOf('storage')]
    return { open, late, overflowed, sums, accounts: await bench.ledger.audit() }
  }
  return { ledger: bench.ledger, outcome }
}

test('a batch has the receipts and the effect of its reports one by one', async () => {
  await assert(
    asyncProperty(reports, async (batch) => {
      const [whole, single] = [await openSealed(), await openSealed()]
      const made = batch.map(({ dimension, quantity, ...more }) =>
        reportOf(dimension, quantity, more),
      )
      const receipts = await whole.ledger.report({ reports: made, idempotencyKey: undefined })
      const alone = []
      for (const report of made)
        alone.push(
          ...(await single.ledger.report({ reports: [report], idempotencyKey: undefined })),
        )
      expect(receipts).toEqual(alone)
      expect(await whole.outcome()).toEqual(await single.outcome())
    }),
    { numRuns: 30 },
  )
})
