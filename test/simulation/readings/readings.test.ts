import { describe, expect, test } from 'vitest'
import type { ReadingEvent } from './reading-event.ts'
import { playReadings, simulateReadings } from './simulate-readings.ts'

const fresh = Math.floor(Math.random() * 2 ** 31)
const measured = {
  do: 'measure',
  quantity: 5_000_000,
  member: 'ada',
  tags: '',
  secondsAgo: 0,
} as const

/** Lives in which a bill was wrong once. They stay. */
const kept: readonly { readonly name: string; readonly events: readonly ReadingEvent[] }[] = [
  {
    name: 'a restart just before the end of an hour, into which a value reaches',
    events: [
      { do: 'pass', seconds: 42 * 60 },
      { ...measured, aggregate: 'integral' },
      { do: 'restart', flush: true, next: 'same' },
      { do: 'pass', seconds: 600 },
      { ...measured, aggregate: 'integral' },
    ],
  },
  ...(['max', 'unique'] as const).map((aggregate) => ({
    name: `a pod whose book another one had meanwhile, and whose ${aggregate} is reported again`,
    events: [
      { ...measured, aggregate },
      { do: 'restart', flush: false, next: 'new' },
      { do: 'restart', flush: false, next: 'earlier' },
      { ...measured, aggregate },
    ] as const,
  })),
]

describe('what an application measures and counts', { timeout: 60_000 }, () => {
  test.each([
    [`the fresh seed ${fresh}`, fresh, undefined, 300],
    [`the fresh seed ${fresh} over the real store`, fresh, 'sqlite', 1],
  ] as const)('is billed as a plain model says: %s', async (_, seed, store, hours) => {
    const { failure } = await simulateReadings({ seed, hours, store })
    expect(
      failure && { seed: failure.seed, broken: failure.violation.message, events: failure.events },
    ).toBeUndefined()
  })

  test.each(kept)('is billed so after $name', async ({ events }) => {
    expect((await playReadings(events)).violation).toBeUndefined()
  })

  test('is billed so on seed 1, and everything that can happen to it occurs', async () => {
    const { coverage, failure } = await simulateReadings({ seed: 1, hours: 700 })
    expect(failure).toBeUndefined()
    const each = (...lines: readonly ((aggregate: string) => string)[]) =>
      ['max', 'last', 'unique', 'integral'].flatMap((name) => lines.map((line) => line(name)))
    expect([...coverage.counts.keys()]).toEqual(
      expect.arrayContaining([
        ...each(
          (name) => `hour of ${name} closed`,
          (name) => `reading of ${name} in an hour that is over, counted`,
          (name) => `reading of ${name} out of order`,
        ),
        'reading of last in an hour that is over, not counted',
        'reading of integral in an hour that is over, not counted',
        "value that stands beyond its hour's end",
        'scans counted',
        'scans restarted',
        'calls counted',
        'calls baseline',
        'book adopted',
        'hours that close without traffic',
        'restart in the middle of an hour',
        'repeated after a death',
        ...['report-written', 'seal-written', 'group-committed', 'group-flushed'].flatMap(
          (step) => [`death at ${step}`, `power cut at ${step}`],
        ),
      ]),
    )
  })
})
