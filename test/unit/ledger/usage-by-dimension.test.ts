import { expect, test } from 'vitest'
import { usageByDimension } from '../../../src/ledger/reporting/usage-by-dimension.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { ReportReceipt } from '../../../src/metering/report.ts'
import { reportOf, unit } from '../../support/ledger/ledger-bench.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')

const receipt = (more: Partial<ReportReceipt> = {}): ReportReceipt => ({
  result: 'accepted',
  hour: nine,
  late: false,
  ...more,
})

/** The tallies of reports of these dimensions and quantities, each with what it was answered. */
function tally(
  ...answers: readonly (readonly [dimension: string, units: bigint, receipt: ReportReceipt])[]
) {
  const reports = answers.map(([dimension, units]) => reportOf(dimension, units * unit))
  const receipts = answers.map(([, , answer]) => answer)
  const isSum = (dimension: string) => dimension !== 'seats'
  return [...usageByDimension({ reports, idempotencyKey: undefined }, receipts, isSum)]
}

const nothing = { accepted: 0, duplicates: 0, late: 0, notCounted: 0, quantity: 0n }

test('usage is told by dimension, in the order of their first reports', () => {
  expect(
    tally(['storage', 4n, receipt()], ['requests', 1n, receipt()], ['storage', 2n, receipt()]),
  ).toEqual([
    { ...nothing, dimension: 'storage', accepted: 2, quantity: 6n * unit, earliestHour: nine },
    { ...nothing, dimension: 'requests', accepted: 1, quantity: unit, earliestHour: nine },
  ])
})

test('a duplicate is counted, and is neither an amount nor late', () => {
  const again = receipt({ result: 'duplicate', late: true, counted: false })
  expect(tally(['requests', 4n, again], ['requests', 4n, again])).toEqual([
    { ...nothing, dimension: 'requests', duplicates: 2, earliestHour: nine },
  ])
})

test('late usage is an amount like any other, of the earliest hour that received some', () => {
  const late = receipt({ late: true, hour: nine + hourMs })
  const earlier = receipt({ hour: nine - hourMs })
  expect(tally(['requests', 1n, late], ['requests', 2n, earlier], ['requests', 4n, late])).toEqual([
    {
      ...nothing,
      dimension: 'requests',
      accepted: 3,
      late: 2,
      quantity: 7n * unit,
      earliestHour: nine - hourMs,
    },
  ])
})

test('a reading is no amount, and one that changes nothing is told apart', () => {
  expect(tally(['seats', 3n, receipt()], ['seats', 5n, receipt({ counted: false })])).toEqual([
    { ...nothing, dimension: 'seats', accepted: 2, notCounted: 1, earliestHour: nine },
  ])
})
