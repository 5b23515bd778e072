import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CounterReading, FirstValue } from '../../../src/metering/counter.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import {
  openBench,
  temporaryDirectory,
  unit,
  type LedgerBench,
} from '../../support/ledger/ledger-bench.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { refusal } from '../../support/refusal.ts'

const nine15 = Date.parse('2026-03-10T09:15:00Z')
const source = 'prometheus http://127.0.0.1:9090/metrics'
const readings = { maxReadings: 5, newSecret: () => '' }

interface Shown {
  readonly value: number | bigint
  readonly series?: string
  readonly startedAt?: number | undefined
  readonly firstValue?: FirstValue
  readonly tags?: string
}

/** What a page with these counters gives, in whole units, with what became of each. */
async function read(bench: LedgerBench, shown: readonly Shown[], isSteady = true) {
  const counters = shown.map(
    ({ value, series = 'a', firstValue = 'count', tags = untagged, ...more }): CounterReading => ({
      dimension: 'requests',
      series,
      tags,
      value: BigInt(value) * unit,
      startedAt: 'startedAt' in more ? more.startedAt : nine15,
      firstValue,
    }),
  )
  const counted = await bench.ledger.countPage({
    source,
    readAt: bench.clock.now(),
    startedAt: counters[0]?.startedAt,
    isSteady,
    follows: new Map([['requests', 'all']]),
    counters,
  })
  return counted.map(({ outcome, rise }) => [outcome, Number(rise / unit)])
}

const open = async ({ ledger }: LedgerBench) =>
  Number(((await ledger.usage()).open[0]?.quantity ?? 0n) / unit)

describe('a counter', () => {
  test('gives what it rose by, and the same page again gives nothing', async () => {
    const bench = await openBench({ readings })
    expect(await read(bench, [{ value: 5 }])).toEqual([['counted', 5]])
    expect(await read(bench, [{ value: 7 }])).toEqual([['counted', 2]])
    expect(await read(bench, [{ value: 7 }])).toEqual([['counted', 0]])
    expect(await open(bench)).toBe(7)
  })

  test.each([
    ['count', 'started after the book was opened', nine15 + 1, ['counted', 5]],
    ['count', 'started before the book was opened', nine15 - 60_000, ['baseline', 0]],
    ['count', 'without a start', undefined, ['baseline', 0]],
    ['baseline', 'started after the book was opened', nine15 + 1, ['baseline', 0]],
  ] as const)('under %s, when it was %s', async (firstValue, _, startedAt, first) => {
    const bench = await openBench({ readings })
    expect(await read(bench, [{ value: 5, startedAt, firstValue }])).toEqual([first])
    expect(await read(bench, [{ value: 6, startedAt, firstValue }])).toEqual([['counted', 1]])
  })

  test('that a page did not have before is new since then, in a process that is older than the book', async () => {
    const bench = await openBench({ readings })
    const startedAt = nine15 - 60_000
    expect(await read(bench, [{ value: 5, startedAt }])).toEqual([['baseline', 0]])
    expect(
      await read(bench, [
        { value: 5, startedAt },
        { value: 3, series: 'b', startedAt },
      ]),
    ).toEqual([
      ['counted', 0],
      ['counted', 3],
    ])
  })

  test('that falls with a newer start is a new process, and all of it counts', async () => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 100 }])
    await bench.clock.advance(60_000)
    const startedAt = bench.clock.now() - 20_000
    expect(await read(bench, [{ value: 4, startedAt }])).toEqual([['restarted', 4]])
    expect(await read(bench, [{ value: 6, startedAt }])).toEqual([['counted', 2]])
  })

  test('that restarted and is already larger counts whole, where its start came after the last reading', async () => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 3 }])
    await bench.clock.advance(60_000)
    const startedAt = bench.clock.now() - 20_000
    expect(await read(bench, [{ value: 8, startedAt }])).toEqual([['restarted', 8]])
  })

  test('whose start moves with the clock is not a new process', async () => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 3 }])
    await bench.clock.advance(hourMs)
    const startedAt = nine15 + hourMs
    expect(await read(bench, [{ value: 5, startedAt }], false)).toEqual([['counted', 2]])
  })

  test.each([
    ['without a start', undefined, undefined],
    ['with the same start', nine15, nine15],
    ['with a start that jitters', nine15, nine15 + 9_000],
    ['with a start of before', nine15, nine15 - 60_000],
  ])('that falls %s is a new baseline', async (_, before, after) => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 9, startedAt: before }])
    const sofar = await open(bench)
    expect(await read(bench, [{ value: 4, startedAt: after }])).toEqual([['fell', 0]])
    expect(await read(bench, [{ value: 6, startedAt: after }])).toEqual([['counted', 2]])
    expect(await open(bench)).toBe(sofar + 2)
  })

  test('that vanishes and returns goes on where it was', async () => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 9 }, { value: 1, series: 'b' }])
    await read(bench, [{ value: 9 }])
    expect(await read(bench, [{ value: 9 }, { value: 3, series: 'b' }])).toEqual([
      ['counted', 0],
      ['counted', 2],
    ])
  })

  test('beyond the cap is skipped, and is not counted from its beginning later', async () => {
    const bench = await openBench({ readings })
    const startedAt = nine15 - 1
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((series) => ({ value: 7, series, startedAt }))
    const outcomes = (await read(bench, many)).map(([outcome]) => outcome)
    expect(outcomes.filter((outcome) => outcome === 'skipped')).toHaveLength(1)
    expect(await open(bench)).toBe(0)
    const next = await openBench({
      directory: bench.directory,
      clock: bench.clock,
      readings: { ...readings, maxReadings: 50 },
      ...(await bench.ledger.close().then(() => ({}))),
    })
    expect((await read(next, many)).at(-1)).toEqual(['baseline', 0])
  })

  test('that is known counts at the cap, and a new one takes the last room', async () => {
    const bench = await openBench({ readings })
    const shown = (names: readonly string[], value: number) =>
      names.map((series) => ({ series, value }))
    // The cursor of the page itself is the fourth.
    await read(bench, shown(['a', 'b', 'c'], 1))
    expect(await read(bench, shown(['d', 'a', 'e', 'b'], 3))).toEqual([
      ['counted', 3],
      ['counted', 2],
      ['skipped', 0],
      ['counted', 2],
    ])
    expect(await read(bench, shown(['a', 'e'], 4))).toEqual([
      ['counted', 1],
      ['skipped', 0],
    ])
  })

  test('waits where its account has no room, and is not passed over', async () => {
    const bench = await openBench({ readings })
    await bench.report('requests', (10n ** 18n - 5n) * unit)
    expect(await read(bench, [{ value: 6 }])).toEqual([['skipped', 0]])
    expect(await read(bench, [{ value: 5 }])).toEqual([['counted', 5]])
    expect((await bench.ledger.audit()).map(({ imbalance }) => imbalance)).toEqual([0n])
  })

  test('that stands still opens no hour', async () => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 5 }])
    await bench.clock.advance(hourMs)
    expect(await read(bench, [{ value: 5 }])).toEqual([['counted', 0]])
    expect((await bench.ledger.usage()).open).toHaveLength(1)
  })

  test('of 2^53 and above is exact', async () => {
    const bench = await openBench({ readings })
    await read(bench, [{ value: 2n ** 53n }])
    expect(await read(bench, [{ value: 2n ** 53n + 1n }])).toEqual([['counted', 1]])
  })

  test('of a lost volume begins again at what it shows', async () => {
    const clock = new ManualClock()
    const first = await openBench({ readings, clock })
    await read(first, [{ value: 50 }])
    await first.ledger.close()
    await clock.advance(60_000)
    const second = await openBench({ readings, clock, directory: temporaryDirectory() })
    expect(await read(second, [{ value: 60 }])).toEqual([['baseline', 0]])
    expect(await read(second, [{ value: 61 }])).toEqual([['counted', 1]])
  })

  test('is followed by its own task or pod alone', async () => {
    const clock = new ManualClock()
    const first = await openBench({ readings, clock, resource: 'pod:one' })
    await read(first, [{ value: 50 }])
    await first.ledger.close()
    await clock.advance(60_000)
    const second = await openBench({
      readings,
      clock,
      directory: first.directory,
      resource: 'pod:two',
    })
    expect(await read(second, [{ value: 2, startedAt: clock.now() }])).toEqual([['counted', 2]])
  })

  test('with tags gives tagged usage', async () => {
    const bench = await openBench({ readings })
    const tags = canonicalTags([{ key: 'team', value: 'a' }])
    await read(bench, [{ value: 5, tags }])
    await bench.ledger.close()
    expect(await read(bench, [{ value: 9, tags }]).catch((error: unknown) => error)).toMatchObject(
      refusal('ShuttingDown'),
    )
  })
})

test('whatever pages are read, lost and read again after a kill: never more than was counted, and all of it', async () => {
  const step = fc.record({
    rises: fc.nat({ max: 9 }),
    happens: fc.constantFrom('read', 'read', 'restart', 'sidecar'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const clock = new ManualClock()
      const directory = temporaryDirectory()
      let bench = await openBench({ readings, clock, directory })
      let startedAt = clock.now()
      let value = 0
      let counted = 0
      let unread = 0
      for (const { rises, happens } of steps) {
        await clock.advance(20_000)
        value += rises
        unread += rises
        if (happens === 'restart') {
          // What the old process had counted since the last reading is lost with it.
          unread = 0
          value = 0
          startedAt = clock.now()
        } else if (happens === 'sidecar') {
          await bench.ledger.close()
          bench = await openBench({ readings, clock, directory })
        } else {
          await read(bench, [{ value, startedAt }])
          counted += unread
          unread = 0
        }
      }
      expect(await open(bench)).toBe(counted)
      await bench.ledger.close()
    }),
    { numRuns: 40 },
  )
})
