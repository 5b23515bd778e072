import { describe, expect, test } from 'vitest'
import { untagged } from '../../../src/metering/tags.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'

const readings = { maxReadings: 9, newSecret: () => '' }

interface Shown {
  readonly dimension?: string
  /** What the product file says that the dimension counts. */
  readonly what?: string
  readonly series?: string
  readonly value: number
  /** Where the page is. */
  readonly source?: string
  /** When its process was started, ms after the book was opened. */
  readonly start?: number
}

/** Counts a counter whose process was started with the sidecar. Returns what became of it, and the units. */
type Count = (shown: Shown) => Promise<[outcome: string | undefined, units: number]>

const pageOf =
  (bench: LedgerBench, opened: number): Count =>
  async ({ dimension = 'requests', what = 'all', series = 'a', source = 'page', ...shown }) => {
    await bench.clock.advance(60_000)
    const startedAt = opened + (shown.start ?? 0)
    const value = BigInt(shown.value) * unit
    const firstValue = 'count'
    const [counted] = await bench.ledger.countPage({
      source,
      readAt: bench.clock.now(),
      startedAt,
      isSteady: true,
      follows: new Map([[dimension, what]]),
      counters: [{ dimension, series, tags: untagged, value, startedAt, firstValue }],
    })
    return [counted?.outcome, Number((counted?.rise ?? 0n) / unit)]
  }

const streamsOf =
  (bench: LedgerBench, opened: number): Count =>
  async ({ dimension = 'requests', what = 'all', series = 'a', value, start = 0 }) => {
    await bench.clock.advance(60_000)
    const point = {
      dimension,
      series,
      tags: untagged,
      value: BigInt(value) * unit,
      startedAt: opened + start,
      start: String(start),
      at: bench.clock.now() - 1000,
      firstValue: 'count' as const,
    }
    const follows = new Map([[dimension, what]])
    const [counted] = await bench.ledger.countStreams({ source: 'otlp', follows, points: [point] })
    return [counted?.outcome, Number((counted?.rise ?? 0n) / unit)]
  }

async function counting(of: typeof pageOf): Promise<Count> {
  const bench = await openBench({ readings })
  return of(bench, bench.clock.now())
}

describe.each([
  ['a page', pageOf],
  ['processes that send', streamsOf],
])('a product file that changed while %s went on counting', (_, of) => {
  test('does not have a counter billed again by a dimension of another name', async () => {
    const count = await counting(of)
    expect(await count({ value: 5 })).toEqual(['counted', 5])
    expect(await count({ dimension: 'calls', value: 9 })).toEqual(['baseline', 0])
    expect(await count({ dimension: 'calls', value: 11 })).toEqual(['counted', 2])
    // The first name again: what the second one has billed is not news.
    expect(await count({ value: 20 })).toEqual(['baseline', 0])
    expect(await count({ value: 21 })).toEqual(['counted', 1])
  })

  test('does not have a dimension bill what its new counter showed before', async () => {
    const count = await counting(of)
    expect(await count({ value: 5 })).toEqual(['counted', 5])
    expect(await count({ what: 'others', series: 'b', value: 7 })).toEqual(['baseline', 0])
    expect(await count({ what: 'others', series: 'b', value: 8 })).toEqual(['counted', 1])
  })

  test('counts all of a process that was started after the change', async () => {
    const count = await counting(of)
    expect(await count({ value: 5 })).toEqual(['counted', 5])
    expect(await count({ what: 'others', series: 'b', value: 7 })).toEqual(['baseline', 0])
    const later = { what: 'others', series: 'c', value: 3, start: 150_000 }
    expect(await count(later)).toEqual(['counted', 3])
  })
})

test('the same counters at another address are not billed again', async () => {
  const count = await counting(pageOf)
  expect(await count({ value: 5 })).toEqual(['counted', 5])
  expect(await count({ source: 'page 2', what: 'all at 2', value: 6 })).toEqual(['baseline', 0])
  expect(await count({ source: 'page 2', what: 'all at 2', value: 8 })).toEqual(['counted', 2])
})
