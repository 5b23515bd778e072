import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FirstValue, StreamPoint } from '../../../src/metering/counter.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import {
  openBench,
  temporaryDirectory,
  unit,
  type LedgerBench,
} from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const follows = new Map([['requests', 'all']])
const nine15 = Date.parse('2026-03-10T09:15:00Z')
const readings = { maxReadings: 5, newSecret: () => '' }

interface Sent {
  readonly value: number
  readonly series?: string
  readonly start?: number
  readonly at?: number
  readonly firstValue?: FirstValue
}

function pointOf({ clock }: LedgerBench, sent: Sent): StreamPoint {
  const { value, series = 'a', start = nine15, at = clock.now(), firstValue = 'count' } = sent
  return {
    dimension: 'requests',
    series,
    tags: untagged,
    value: BigInt(value) * unit,
    startedAt: start,
    start: `${start}000000`,
    at,
    firstValue,
  }
}

/** What became of points that a process sends, a second after what was sent before. */
async function send(bench: LedgerBench, ...sent: readonly Sent[]) {
  await bench.clock.advance(1000)
  const points = sent.map((each) => pointOf(bench, each))
  const counted = await bench.ledger.countStreams({ source: 'otlp', follows, points })
  return counted.map(({ outcome, rise }) => [outcome, Number(rise / unit)])
}

const open = async ({ ledger }: LedgerBench) =>
  (await ledger.usage()).open.map(({ hour, quantity }) => [
    (hour - nine15 + hourMs / 4) / hourMs,
    Number(quantity / unit),
  ])

describe('a counter that a process sends', () => {
  test('gives what it rose by, and a point that comes again gives nothing', async () => {
    const bench = await openBench({ readings })
    expect(await send(bench, { value: 5 })).toEqual([['counted', 5]])
    const at = bench.clock.now() + 1000
    expect(await send(bench, { value: 7, at })).toEqual([['counted', 2]])
    expect(await send(bench, { value: 7, at })).toEqual([['counted', 0]])
    expect(await open(bench)).toEqual([[0, 7]])
  })

  test('gives nothing for a point that comes after a later one', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 5 })
    const earlier = bench.clock.now() + 500
    await send(bench, { value: 9 })
    expect(await send(bench, { value: 7, at: earlier })).toEqual([['counted', 0]])
    expect(await send(bench, { value: 10 })).toEqual([['counted', 1]])
    expect(await open(bench)).toEqual([[0, 10]])
  })

  test('that rises twice in a millisecond gives both rises', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 5 })
    const at = bench.clock.now()
    expect(await send(bench, { value: 7, at })).toEqual([['counted', 2]])
    expect(await send(bench, { value: 6, at })).toEqual([['counted', 0]])
    expect(await open(bench)).toEqual([[0, 7]])
  })

  test.each([
    ['count', 'began before the book was opened', nine15 - 1, ['baseline', 0]],
    ['baseline', 'began after the book was opened', nine15 + 1, ['baseline', 0]],
    ['count', 'began after the book was opened', nine15 + 1, ['counted', 5]],
  ] as const)('under %s, when it %s', async (firstValue, _, start, first) => {
    const bench = await openBench({ readings })
    expect(await send(bench, { value: 5, start, firstValue })).toEqual([first])
    expect(await send(bench, { value: 6, start, firstValue })).toEqual([['counted', 1]])
  })

  test('of a process that was started again counts whole, also where it is larger at once', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 5 })
    const start = bench.clock.now() + 500
    expect(await send(bench, { value: 8, start })).toEqual([['counted', 8]])
    expect(await open(bench)).toEqual([[0, 13]])
  })

  test('that falls within one process is not counted until it is higher than before', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 9 })
    expect(await send(bench, { value: 4 })).toEqual([['fell', 0]])
    expect(await send(bench, { value: 10 })).toEqual([['counted', 1]])
  })

  test('of the same name in two processes is two counters, the second from when it comes again', async () => {
    const bench = await openBench({ readings })
    const other = nine15 + 100
    await send(bench, { value: 100 })
    expect(await send(bench, { value: 90, start: other })).toEqual([['overlaps', 0]])
    expect(await send(bench, { value: 101 })).toEqual([['counted', 1]])
    expect(await send(bench, { value: 92, start: other })).toEqual([['counted', 92]])
    expect(await open(bench)).toEqual([[0, 193]])
  })

  test('whose start moves with every point gives nothing more', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 10 })
    for (const step of [1, 2, 3])
      expect(await send(bench, { value: 10 + step, start: nine15 + step })).toEqual([
        ['overlaps', 0],
      ])
    expect(await open(bench)).toEqual([[0, 10]])
  })

  test('beyond the cap is skipped, and counts whole once there is room', async () => {
    const bench = await openBench({ readings })
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((series) => ({ value: 7, series }))
    expect((await send(bench, ...many)).at(-1)).toEqual(['skipped', 0])
    await bench.ledger.close()
    const { directory, clock } = bench
    const next = await openBench({ directory, clock, readings: { ...readings, maxReadings: 50 } })
    expect((await send(next, ...many)).at(-1)).toEqual(['counted', 7])
    expect(await open(next)).toEqual([[0, 42]])
  })

  test('whose values come hours late, out of a queue, counts all of them', async () => {
    const bench = await openBench({ readings })
    await bench.clock.advance(9 * hourMs)
    const late = [
      [1, 5],
      [1.5, 9],
      [2.5, 20],
      [4, 31],
    ] as const
    for (const [hours, value] of late) {
      const at = nine15 + hours * hourMs
      const rise = value - (late[late.findIndex(([each]) => each === hours) - 1]?.[1] ?? 0)
      expect(await send(bench, { value, at })).toEqual([['counted', rise]])
      expect(await send(bench, { value, at })).toEqual([['counted', 0]])
    }
    expect(await send(bench, { value: 40 })).toEqual([['counted', 9]])
  })

  test('whose first value is hours old counts from it on, where it began before the book', async () => {
    const bench = await openBench({ readings })
    await bench.clock.advance(9 * hourMs)
    const start = nine15 - 1
    const at = nine15 + hourMs
    expect(await send(bench, { value: 100, start, at })).toEqual([['baseline', 0]])
    expect(await send(bench, { value: 103, start, at: at + 60_000 })).toEqual([['counted', 3]])
    expect(await send(bench, { value: 107, start })).toEqual([['counted', 4]])
  })

  test('that came hours late is forgotten six hours after that, and never counts twice', async () => {
    const bench = await openBench({ readings })
    await bench.clock.advance(9 * hourMs)
    const at = nine15 + hourMs
    expect(await send(bench, { value: 5, at })).toEqual([['counted', 5]])
    await bench.clock.advance(5 * hourMs)
    expect(await send(bench, { value: 1, series: 'b', start: at })).toEqual([['counted', 1]])
    expect(await send(bench, { value: 7, at: at + 1 })).toEqual([['counted', 2]])
    await bench.clock.advance(7 * hourMs)
    expect(await send(bench, { value: 8, at: at + 2 })).toEqual([['baseline', 0]])
    expect(await send(bench, { value: 9 })).toEqual([['baseline', 0]])
    expect(await send(bench, { value: 10 })).toEqual([['counted', 1]])
  })

  test('at the cap goes on to count, and those that are gone make room for as many', async () => {
    const bench = await openBench({ readings })
    const five = (value: number, start = nine15) =>
      ['a', 'b', 'c', 'd', 'e'].map((series) => ({ value, series, start }))
    await send(bench, ...five(7))
    expect(await send(bench, ...five(8))).toEqual(five(0).map(() => ['counted', 1]))
    for (const day of [1, 2]) {
      await bench.clock.advance(7 * hourMs)
      const later = five(2, nine15 + day)
      expect(await send(bench, ...later)).toEqual(later.map(() => ['counted', 2]))
    }
  })

  test('that was silent for six hours makes room, and begins again at what it shows', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 7 })
    await bench.clock.advance(6 * hourMs)
    const start = bench.clock.now()
    expect(await send(bench, { value: 2, series: 'b', start })).toEqual([['counted', 2]])
    expect(await send(bench, { value: 9 })).toEqual([['baseline', 0]])
    expect(await send(bench, { value: 10 })).toEqual([['counted', 1]])
  })

  test('that was forgotten begins again at its newest value, where an old one comes with it', async () => {
    const bench = await openBench({ readings })
    const first = bench.clock.now() + 1000
    await send(bench, { value: 7 })
    await send(bench, { value: 20 })
    await bench.clock.advance(7 * hourMs)
    expect(await send(bench, { value: 7, at: first }, { value: 25 })).toEqual([
      ['baseline', 0],
      ['baseline', 0],
    ])
    expect(await send(bench, { value: 26 })).toEqual([['counted', 1]])
  })

  test('counts in the hour of its point, and in this hour where AWS accepts no other', async () => {
    const bench = await openBench({ readings })
    const at = bench.clock.now() + 60_000
    await bench.clock.advance(hourMs)
    await send(bench, { value: 3, at })
    await bench.clock.advance(5 * hourMs + 120_000)
    await send(bench, { value: 1, series: 'b', start: nine15 + 10, at: at + 1 })
    expect(await open(bench)).toEqual([
      [0, 3],
      [6, 1],
    ])
  })

  test('of a process that starts at the instant of the last point of another counts whole', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 5 })
    const start = bench.clock.now()
    expect(await send(bench, { value: 8, start })).toEqual([['counted', 8]])
  })

  test('of a process that began right after one that is forgotten counts whole', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 7 })
    await bench.clock.advance(6 * hourMs)
    expect(await send(bench, { value: 2, series: 'b', start: nine15 + 1 })).toEqual([
      ['counted', 2],
    ])
    expect(await send(bench, { value: 2, series: 'c', start: nine15 })).toEqual([['baseline', 0]])
  })

  test('waits where its account has no room, and is not passed over', async () => {
    const bench = await openBench({ readings })
    const { ledger } = bench
    await bench.report('requests', (10n ** 18n - 5n) * unit)
    expect(await send(bench, { value: 6 })).toEqual([['skipped', 0]])
    expect(await send(bench, { value: 5 })).toEqual([['counted', 5]])
    expect(await send(bench, { value: 5 })).toEqual([['counted', 0]])
    expect((await ledger.audit()).map(({ imbalance }) => imbalance)).toEqual([0n])
  })

  test('that stands still opens no hour', async () => {
    const bench = await openBench({ readings })
    await send(bench, { value: 5 })
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    expect(await send(bench, { value: 5 })).toEqual([['counted', 0]])
    expect(await open(bench)).toEqual([])
  })

  test('counts in its own hour up to the last instant at which AWS accepts it', async () => {
    const bench = await openBench({ readings })
    const at = bench.clock.now() + 60_000
    await bench.clock.advance(6 * hourMs + 59_000)
    await send(bench, { value: 3, at })
    expect(bench.clock.now()).toBe(at + 6 * hourMs)
    expect(await open(bench)).toEqual([[0, 3]])
  })

  test('is shown as late exactly where it counts in a later hour than its own', async () => {
    const bench = await openBench({ readings })
    const at = bench.clock.now() + 60_000
    await send(bench, { value: 3 })
    expect((await bench.ledger.usage()).late).toEqual([])
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    await send(bench, { value: 5, at })
    expect((await bench.ledger.usage()).late).toEqual([
      { dimension: 'requests', hour: nine15 + (3 * hourMs) / 4, quantity: 2n * unit },
    ])
  })

  test('moves its cursor in the same group as another source its own', async () => {
    const bench = await openBench({ readings })
    await bench.clock.advance(1000)
    const points = [pointOf(bench, { value: 5 })]
    const readAt = bench.clock.now()
    const page = {
      source: 'prometheus',
      readAt,
      startedAt: nine15,
      isSteady: true,
      follows,
      counters: points,
    }
    const twice = () =>
      Promise.all([
        bench.ledger.countStreams({ source: 'otlp', follows, points }),
        bench.ledger.countStreams({ source: 'otlp', follows, points }),
        bench.ledger.countPage(page),
        bench.ledger.countPage(page),
      ])
    await twice()
    await twice()
    expect(await open(bench)).toEqual([[0, 10]])
  })
})

test('whatever points are sent, lost and sent again after a kill: each unit once', async () => {
  const step = fc.record({
    rises: fc.nat({ max: 9 }),
    happens: fc.constantFrom('send', 'send', 'again', 'earlier', 'restart', 'sidecar'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const clock = new ManualClock()
      const directory = temporaryDirectory()
      const more = { readings: { ...readings, maxReadings: 100 }, clock, directory }
      let bench = await openBench(more)
      let start = clock.now()
      let value = 0
      let counted = 0
      let sent = 0
      const before: StreamPoint[] = []
      for (const { rises, happens } of steps) {
        await clock.advance(20_000)
        value += rises
        if (happens === 'restart') {
          value = 0
          sent = 0
          start = clock.now()
        } else if (happens === 'sidecar') {
          await bench.ledger.close()
          bench = await openBench(more)
        } else if (happens === 'send') {
          const point = pointOf(bench, { value, start })
          before.push(point)
          await bench.ledger.countStreams({ source: 'otlp', follows, points: [point] })
          counted += value - sent
          sent = value
        } else {
          const points = happens === 'again' ? before.slice(-1) : before.slice(0, 2)
          await bench.ledger.countStreams({ source: 'otlp', follows, points })
        }
      }
      const quantities = (await open(bench)).map(([, quantity = 0]) => quantity)
      expect(quantities.reduce((a, b) => a + b, 0)).toBe(counted)
      await bench.ledger.close()
    }),
    { numRuns: 40 },
  )
})
