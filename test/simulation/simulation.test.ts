import { describe, expect, test } from 'vitest'
import { checkWindow } from './customer-invariants.ts'
import type { SimulationEvent } from './event.ts'
import { runLife, type Script } from './run-life.ts'
import { simulate } from './simulate.ts'

const fresh = Math.floor(Math.random() * 2 ** 31)

const options: Script['options'] = {
  lateUsage: 'carry',
  zeroRecords: false,
  rewritesOnOpen: true,
}
const report: SimulationEvent = {
  do: 'report',
  dimension: 'requests',
  quantity: '5000000',
  tags: '',
  key: 'report',
  copies: 1,
}

const kill: SimulationEvent = {
  do: 'die',
  at: 'now',
  countdown: 1,
  power: false,
  requestArrives: true,
  next: 'same',
}

/** Scripts that failed once, with today's rules or with a mistake in them. They stay. */
const keptScripts: readonly { readonly name: string; readonly script: Script }[] = [
  {
    name: 'a record that AWS has, refuses at the next attempt, and that an operator retries',
    script: {
      options,
      events: [
        report,
        { do: 'outage', weather: 'lost-after', minutes: 90 },
        { do: 'pass', minutes: 60 },
        { do: 'outage', weather: 'refused', minutes: 60 },
        { do: 'pass', minutes: 20 },
        { do: 'retry' },
        { do: 'restart', flush: false, next: 'new', divisor: 1000 },
        { do: 'pass', minutes: 60 },
      ],
    },
  },
  {
    name: 'a clock a day ahead whose record got no answer',
    script: {
      options: { ...options, lateUsage: 'hold' },
      events: [
        { do: 'outage', weather: 'lost-before', minutes: 480 },
        { do: 'set-clock', minutes: 1560 },
        { do: 'pass', minutes: 26 },
        report,
        { do: 'pass', minutes: 20 },
      ],
    },
  },
  {
    name: 'an outage that outlasts the window of a record that AWS has',
    script: {
      options,
      events: [
        report,
        { do: 'outage', weather: 'lost-after', minutes: 480 },
        { do: 'pass', minutes: 540 },
        { do: 'pass', minutes: 60 },
      ],
    },
  },
  {
    name: 'records that a clock a day ahead sealed and AWS never answered for',
    script: {
      options: { ...options, lateUsage: 'hold', zeroRecords: true },
      events: [
        { do: 'set-clock', minutes: 200 },
        { do: 'pass', minutes: 40 },
        { do: 'restart', flush: false, next: 'same', divisor: 1000 },
        { do: 'outage', weather: 'lost-before', minutes: 480 },
        { do: 'set-clock', minutes: 1560 },
        { do: 'pass', minutes: 140 },
      ],
    },
  },
  {
    name: 'a stop in the hour that a fast clock has sealed',
    script: {
      options,
      events: [
        { ...report, minutesAgo: -4 },
        { do: 'set-clock', minutes: 8 },
        { do: 'restart', flush: true, next: 'same', divisor: 1000 },
      ],
    },
  },
  {
    name: 'a clock 200 minutes behind before AWS answers, and a report that is repeated a day later',
    script: {
      options,
      events: [
        { do: 'set-clock', minutes: -200 },
        report,
        { do: 'set-clock', minutes: 0 },
        { do: 'pass', minutes: 1430 },
        { do: 'repeat', back: 1 },
      ],
    },
  },
  {
    name: 'the same while keys that are older are in doubt, and a kill that forgets of the clock',
    script: {
      options,
      events: [
        kill,
        { do: 'pass', minutes: 180 },
        { do: 'set-clock', minutes: -200 },
        { do: 'restart', flush: true, next: 'same', divisor: 1000 },
        { do: 'pass', minutes: 60 },
        report,
        { do: 'set-clock', minutes: 0 },
        { do: 'pass', minutes: 120 },
        kill,
        { do: 'pass', minutes: 1260 },
        { do: 'repeat', back: 1 },
      ],
    },
  },
]

/** A life in which little is sent takes longest. */
const timeout = 120_000

describe('whatever happens around a sidecar', { timeout }, () => {
  test.each([
    ['seed 1', 1],
    ['seed 1000', 1000],
    [`the fresh seed ${fresh}`, fresh],
  ])('every acknowledged unit is billed once or lies in a place: %s', async (_, seed) => {
    const { hours, failure } = await simulate({ seed, hours: 1000 })
    expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
    expect(hours).toBeGreaterThanOrEqual(1000)
  })

  test.each([
    ['seed 6', 6],
    [`the fresh seed ${fresh}`, fresh],
  ])('so it is over the real store, after power cuts too: %s', async (_, seed) => {
    const { failure } = await simulate({ seed, hours: 6, store: 'sqlite', longestHours: 100 })
    expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
  })

  test.each([
    ['seed 1', 1],
    [`the fresh seed ${fresh}`, fresh],
  ])('so it is with the customers of a SaaS product: %s', async (_, seed) => {
    const { failure } = await simulate({ seed, hours: 400, customers: true })
    expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
  })

  test('every kind of outcome occurs with customers', async () => {
    const { coverage } = await simulate({ seed: 4001, hours: 1500, customers: true })
    expect([...coverage.counts.keys()]).toEqual(
      expect.arrayContaining([
        'accepted for the month before',
        'answer ok',
        'code CustomerNotSubscribed',
        'code DuplicateRecord',
        'code ThrottlingException',
        'code TimeoutError',
        'code TimestampOutOfBoundsException',
        'code UnprocessedRecord',
        'customer: end-licence',
        'customer: register',
        'left at the end: an hour that goes on',
        'left at the end: refused',
        'left at the end: unknown customers',
        'left at the end: unresolved',
        'moved: TimestampOutOfBoundsException',
        'too late for the month before',
      ]),
    )
  })

  test('every kind of fault and of outcome occurs', async () => {
    const { coverage } = await simulate({ seed: 8_800_000, hours: 900 })
    expect([...coverage.counts.keys()]).toEqual(
      expect.arrayContaining([
        'acknowledged request repeated',
        'answer duplicate',
        'answer misconfigured',
        'answer ok',
        'answer out-of-window',
        'answer throttled',
        'answer unavailable',
        'book adopted',
        'held: guard',
        'held: late',
        'left at the end: a fraction',
        'left at the end: held',
        'left at the end: unresolved',
        'left at the end: usage of an hour that is closed',
        'operator: release',
        'operator: reopen',
        'operator: resolve as delivered',
        'operator: resolve with resend',
        'operator: retry',
        'operator: void usage',
        'operator: void-record',
        'report accepted, late',
        'report duplicate',
        'start without an identity',
        'start failed: LedgerBusy',
        'start failed: LedgerFull',
        'the ledger failed',
        'too many tag sets',
      ]),
    )
  })
})

describe('the simulation', { timeout }, () => {
  test('plays the same hours again on the same seed', async () => {
    const [one, two] = [
      await simulate({ seed: 7, hours: 300 }),
      await simulate({ seed: 7, hours: 300 }),
    ]
    expect(two).toEqual(one)
  })

  test('finds a store that trusts pages which a failed flush marked as clean', async () => {
    const { failure } = await simulate({ seed: 1, hours: 20_000, rewritesOnOpen: false })
    expect(failure?.violation.what).toBe('lost')
  })

  test.each([
    ['2026-03-31T23:59:59Z', '2026-04-01T05:54:00Z'],
    ['2026-04-01T00:59:59Z', '2026-04-02T00:54:00Z'],
  ])('finds a record of %s that is given up at %s', (of, at) => {
    const check = (instant: number) => () =>
      checkWindow({ id: 1, timestamp: Date.parse(of) }, instant)
    expect(check(Date.parse(at))).toThrow('given-up: record 1')
    expect(check(Date.parse(at) + 120_000)).not.toThrow()
  })

  test.each(keptScripts)('finds nothing in $name', async ({ script }) => {
    expect((await runLife(script)).violation).toBeUndefined()
  })
})
