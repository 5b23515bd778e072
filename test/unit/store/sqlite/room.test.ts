import { beforeEach, expect, test, vi } from 'vitest'
import { hourMs } from '../../../../src/metering/hour.ts'
import { untagged } from '../../../../src/metering/tags.ts'
import { bytesOfKey } from '../../../../src/store/sqlite/claim-rows.ts'
import { Disk } from '../../../../src/store/sqlite/file/disk.ts'
import { openBench, unit } from '../../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../../support/ledger/seal-rules.ts'

const reserve = vi.spyOn(Disk.prototype, 'reserve')
beforeEach(() => void reserve.mockClear())

/** For how many pages room was asked since the last time. */
function asked(): number[] {
  const pages = reserve.mock.calls.map(([count]) => count)
  reserve.mockClear()
  return pages
}

const readings = { maxReadings: 5, newSecret: () => '' }

test('room is made for each row of usage, which may split two pages, and for long rows', async () => {
  const { report, ledger } = await openBench()
  expect(asked()).toEqual([0])
  await report('requests', unit)
  // An account and a tag set.
  expect(asked()).toEqual([2 * 2 + 16])
  await report('requests', unit, { tags: 'x'.repeat(4096) })
  expect(asked()).toEqual([2 * 2 + 2 + 16])
  await report('requests', unit, { tags: 'x'.repeat(2049) })
  expect(asked()).toEqual([2 * 2 + 2 + 16])
  await report('requests', unit, { idempotencyKey: 'k' })
  // A key is in a table and two indexes.
  expect(asked()).toEqual([2 * 5 + 1 + 16])
  expect(bytesOfKey).toBeGreaterThan(0)
  await report('requests', unit, { idempotencyKey: 'k' })
  await ledger.remember('note', 'value')
  expect(asked()).toEqual([])
})

test('room is made for readings and counters, and not for what moves inside the book', async () => {
  const { report, ledger, clock } = await openBench({
    readings,
    meaningOf: (dimension) => ({
      productCode: 'product',
      divisor: 1n,
      aggregate: dimension === 'hosts' ? 'max' : 'sum',
    }),
  })
  asked()
  await report('hosts', unit)
  expect(asked()).toEqual([2 * (2 + 1) + 16])
  const counter = {
    dimension: 'requests',
    series: 'a',
    tags: untagged,
    value: unit,
    startedAt: clock.now(),
    firstValue: 'count' as const,
  }
  await ledger.countPage({
    source: 'page',
    readAt: clock.now(),
    startedAt: clock.now(),
    isSteady: true,
    follows: new Map([['requests', 'all']]),
    counters: [counter],
  })
  // The cursor of the counter and that of the page.
  expect(asked()).toEqual([2 * (1 + 1 + 2) + 16])
  await clock.advance(hourMs)
  expect(await sealHours(ledger, clock)).toHaveLength(2)
  expect(asked()).toEqual([])
})

test.each(['last', 'integral'] as const)(
  'no room is asked for to seal an hour of %s before its end, which the reserve is for',
  async (aggregate) => {
    const { report, ledger, clock } = await openBench({
      readings,
      meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate }),
    })
    await report('hosts', 3600n * unit)
    await clock.advance(60_000)
    asked()
    expect(await sealHours(ledger, clock, {}, true)).toHaveLength(1)
    expect(asked()).toEqual([])
  },
)

test('no room is asked for to move usage to another account, as a registration does', async () => {
  const { report, ledger } = await openBench({
    resource: 'saas:product',
    customers: { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' },
  })
  await report('requests', unit, { customer: 'acme' })
  asked()
  const names = { identifier: 'acme' }
  await ledger.customers?.register({ customer: 'acme', names, reactivates: false })
  expect(await ledger.audit()).toMatchObject([{ open: 0n }, { open: unit }])
  expect(asked()).toEqual([])
})
