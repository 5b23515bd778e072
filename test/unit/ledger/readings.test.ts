import { describe, expect, test } from 'vitest'
import type { Aggregate } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import type { OpenLedgerOptions } from '../../support/ledger/open-ledger.ts'
import type { SealInput } from '../../../src/metering/record/seal-plan.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import { defaultRules, sealHours } from '../../support/ledger/seal-rules.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')

function benchOf(aggregate: Aggregate, more: Partial<OpenLedgerOptions> = {}) {
  return openBench({
    meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate }),
    readings: { maxReadings: 3, newSecret: () => 'secret' },
    ...more,
  })
}

describe('readings of an hour', () => {
  test('are one record: the largest value of each tag set, added up', async () => {
    const { ledger, clock, report } = await benchOf('max')
    const tags = canonicalTags([{ key: 'team', value: 'a' }])
    for (const quantity of [3n, 7n, 5n]) await report('hosts', quantity * unit)
    await report('hosts', 2n * unit, { tags })
    expect((await ledger.usage()).readings).toEqual([
      { dimension: 'hosts', hour: nine, aggregate: 'max', count: 2, quantity: 9n * unit },
    ])
    expect((await ledger.usage()).open).toEqual([])
    await clock.advance(hourMs)
    expect(await sealHours(ledger, clock)).toMatchObject([
      {
        hour: nine,
        quantity: 9_000_000n,
        allocations: [{ quantity: 7_000_000n }, { quantity: 2_000_000n }],
      },
    ])
    expect((await ledger.usage()).readings).toEqual([])
  })

  test('of max that come late carry only the rise to the next hour', async () => {
    const { ledger, clock, report } = await benchOf('max')
    await report('hosts', 3n * unit)
    await clock.advance(hourMs)
    await sealHours(ledger, clock)
    const late = { occurredAt: nine + 60_000 }
    expect(await report('hosts', 2n * unit, late)).toMatchObject({ late: true })
    expect((await ledger.usage()).open).toEqual([])
    expect(await report('hosts', 5n * unit, late)).toMatchObject({
      late: true,
      hour: nine + hourMs,
    })
    expect(await report('hosts', 4n * unit, late)).toMatchObject({ late: true })
    expect((await ledger.usage()).open).toEqual([
      { dimension: 'hosts', hour: nine + hourMs, quantity: 2n * unit },
    ])
  })

  test('of unique that come late add one for each new member, whatever quantity they have', async () => {
    const { ledger, clock, report } = await benchOf('unique')
    await report('users', 5n * unit, { member: 'ada' })
    await clock.advance(hourMs)
    await sealHours(ledger, clock)
    const late = { occurredAt: nine + 60_000 }
    await report('users', 5n * unit, { ...late, member: 'ada' })
    await report('users', 5n * unit, { ...late, member: 'bob' })
    expect((await ledger.usage()).open).toEqual([
      { dimension: 'users', hour: nine + hourMs, quantity: unit },
    ])
  })

  test.each(['last', 'integral'] as const)(
    'of %s that come late are not counted, and say so',
    async (aggregate) => {
      const bench = await benchOf(aggregate)
      const { ledger, clock, report } = bench
      await report('hosts', 3n * unit)
      await clock.advance(hourMs)
      await sealHours(ledger, clock)
      const key = { occurredAt: nine + 60_000, idempotencyKey: 'k' }
      const receipt = { hour: nine, late: true, counted: false }
      expect(await report('hosts', 9n * unit, key)).toEqual({ result: 'accepted', ...receipt })
      expect(await report('hosts', 9n * unit, key)).toEqual({ result: 'duplicate', ...receipt })
      expect((await ledger.usage()).open).toEqual([])
      expect(bench.told('usageReported').at(-2)).toMatchObject({ notCounted: 1, quantity: 0n })
      expect(bench.told('usageReported').at(-1)).toMatchObject({ notCounted: 0 })
    },
  )

  describe.each(['last', 'integral'] as const)(
    'of %s, where the hour was closed before its end',
    (aggregate) => {
      const more = { readings: { maxReadings: 100, newSecret: () => '' } }
      const reported = async ({ ledger }: LedgerBench) =>
        (await ledger.audit()).reduce((sum, balance) => sum + balance.reported, 0n)

      /** The book changes hands. */
      async function handTo(resource: string, bench: LedgerBench) {
        await bench.ledger.close()
        return benchOf(aggregate, { ...more, ...bench, resource })
      }

      test('by another task or pod that had the book for a while, go on when their own comes back', async () => {
        let bench = await benchOf(aggregate, { ...more, resource: 'pod:one' })
        // 09:15 to 09:17, then another pod has the book until 09:27, and 09:27 to 09:30.
        await bench.report('seats', 60n * unit)
        await bench.clock.advance(120_000)
        bench = await handTo('pod:two', bench)
        await bench.clock.advance(600_000)
        bench = await handTo('pod:one', bench)
        expect(await bench.report('seats', 80n * unit)).toEqual({
          result: 'accepted',
          hour: nine,
          late: false,
        })
        await bench.clock.advance(180_000)
        await bench.report('seats', 0n)
        await bench.report('seats', 70n * unit, { occurredAt: bench.clock.now() + 1000 })
        await bench.clock.advance(1000)
        await bench.report('seats', aggregate === 'last' ? 75n * unit : 0n)
        await bench.clock.advance(hourMs)
        await sealHours(bench.ledger, bench.clock)
        // 60 for two minutes and 80 for three.
        expect(await reported(bench)).toBe(aggregate === 'last' ? 75n * unit : 6n * unit)
      })

      test('by the end of the sidecar, go on when it starts again, for the next hour', async () => {
        let bench = await benchOf(aggregate, more)
        await bench.report('seats', 60n * unit)
        await bench.clock.advance(120_000)
        await sealHours(bench.ledger, bench.clock, {}, true)
        const before = await reported(bench)
        bench = await handTo('arn:aws:ecs:us-east-1:111122223333:task/shop/one', bench)
        await bench.clock.advance(60_000)
        expect(await bench.report('seats', 120n * unit)).toEqual({
          result: 'accepted',
          hour: nine + hourMs,
          late: true,
        })
        await bench.clock.advance(60_000)
        await bench.report('seats', 120n * unit)
        await bench.clock.advance(hourMs)
        await sealHours(bench.ledger, bench.clock)
        // Twice the value for 360 s, 300 of them after the last one, are twelve; the rise of the last value is 60.
        expect((await reported(bench)) - before).toBe(
          aggregate === 'last' ? 60n * unit : 12n * unit,
        )
      })

      test('do not count what was read before that', async () => {
        let bench = await benchOf(aggregate, { ...more, resource: 'pod:one' })
        const at = bench.clock.now()
        await bench.report('seats', 60n * unit)
        await bench.clock.advance(120_000)
        bench = await handTo('pod:one', await handTo('pod:two', bench))
        const before = await reported(bench)
        await bench.report('seats', 0n)
        expect(await bench.report('seats', 90n * unit, { occurredAt: at + 60_000 })).toMatchObject({
          counted: false,
        })
        await bench.clock.advance(hourMs)
        await sealHours(bench.ledger, bench.clock)
        expect(await reported(bench)).toBe(before)
      })

      test('bill once what is closed again and again', async () => {
        let bench = await benchOf(aggregate, { ...more, resource: 'pod:one' })
        for (const value of [60n, 120n, 60n, 180n]) {
          await bench.report('seats', value * unit)
          await bench.clock.advance(60_000)
          bench = await handTo('pod:one', await handTo('pod:two', bench))
        }
        await bench.clock.advance(hourMs)
        await sealHours(bench.ledger, bench.clock)
        expect(await reported(bench)).toBe(aggregate === 'last' ? 180n * unit : 7n * unit)
      })
    },
  )

  test('of integral stand until the next one, across the hour, and no longer than they may', async () => {
    const { ledger, clock, report } = await benchOf('integral', {
      readings: { maxReadings: 100, newSecret: () => '' },
    })
    // 09:15 to 09:18: 4 for three minutes; then 6 until it is stale at 09:23.
    await report('seats', 4n * unit)
    await clock.advance(180_000)
    await report('seats', 6n * unit)
    // 09:58 to 10:01: 10 for two minutes of the old hour and one of the new.
    await clock.advance(40 * 60_000)
    await report('seats', 10n * unit)
    await clock.advance(180_000)
    await report('seats', 0n)
    await sealHours(ledger, clock)
    await clock.advance(hourMs)
    await sealHours(ledger, clock)
    const [balance] = await ledger.audit()
    const unitMinutes = 4 * 3 + 6 * 5 + 10 * 2
    expect(balance?.reported).toBe((BigInt(unitMinutes) * unit) / 60n + (10n * unit) / 60n)
  })

  test('never come to more than the value for the whole hour, wherever the clock steps', async () => {
    const { ledger, clock, report } = await benchOf('integral', {
      readings: { maxReadings: 100, newSecret: () => '' },
    })
    for (const step of [0, -240_000, 600_000, -60_000, 0, 1_200_000, -300_000]) {
      clock.step(step)
      await report('seats', 60n * unit)
      await clock.advance(60_000)
    }
    await clock.advance(2 * hourMs)
    await sealHours(ledger, clock)
    const [balance] = await ledger.audit()
    expect(balance?.reported).toBeGreaterThan(0n)
    // From 9:11, which is the earliest that the clock has shown, to 10:00.
    expect(balance?.reported).toBeLessThanOrEqual((60n * unit * 49n) / 60n)
  })

  test.each([
    ['within an hour', 20],
    ['over the end of an hour', 42],
  ])(
    'of a clock that is set back %s do not stand twice, though their source dies',
    async (_, by) => {
      const { ledger, clock, report } = await benchOf('integral', {
        readings: { maxReadings: 100, newSecret: () => '' },
      })
      const minute = async () => {
        await report('seats', 60n * unit)
        await clock.advance(60_000)
      }
      // Five minutes by a clock that is ahead, and five by the right one.
      clock.step(by * 60_000)
      for (let count = 0; count < 5; count += 1) await minute()
      clock.step(-by * 60_000)
      for (let count = 0; count < 5; count += 1) await minute()
      await clock.advance(2 * hourMs)
      await sealHours(ledger, clock)
      const [balance] = await ledger.audit()
      // How long the last value had stood when the clock was set back is not known. That of the source that died stands
      // until it is stale, which is four minutes more.
      expect(balance?.reported).toBe(BigInt(4 + 5 + 4) * unit)
    },
  )

  test.each([
    ['within an hour', 20, 9],
    // The value that stood when the hour ended is not known to have gone on.
    ['over the end of an hour', 42, 8],
  ])('of a clock that is set back %s are billed at the end, and once', async (_, by, billed) => {
    const { ledger, clock, report } = await benchOf('integral', {
      readings: { maxReadings: 100, newSecret: () => '' },
    })
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute += 1) {
        await report('seats', 60n * unit)
        await clock.advance(60_000)
      }
    }
    const reported = async () => (await ledger.audit())[0]?.reported
    clock.step(by * 60_000)
    await minutes(5)
    clock.step(-by * 60_000)
    await minutes(5)
    // The end: what lies ahead goes to the hour that AWS has.
    const now = clock.now()
    const plan = (input: SealInput) => planSeal(input, defaultRules)
    const before = nine + hourMs
    for await (const _record of ledger.seal({ before, foldAfter: now, now, plan, zeroHours: [] }));
    expect(await reported()).toBe(BigInt(billed) * unit)
    // The same task or pod goes on, past the time at which the clock was before. Four minutes of it were billed.
    await minutes(50)
    await clock.advance(2 * hourMs)
    await sealHours(ledger, clock)
    const rest = ((await reported()) ?? 0n) / unit
    expect(Number(rest)).toBeLessThanOrEqual(billed + 50 - 3 + 4)
  })

  test('stop at the instant at which the end seals the open hour', async () => {
    const { ledger, clock, report } = await benchOf('integral', {
      readings: { maxReadings: 100, newSecret: () => '' },
    })
    await report('seats', 60n * unit)
    await clock.advance(120_000)
    expect(await sealHours(ledger, clock, {}, true)).toMatchObject([{ quantity: 2_000_000n }])
  })

  test('have a cap: a further member is refused, and a known one is not', async () => {
    const { report, ledger } = await benchOf('unique')
    for (const member of ['ada', 'bob', 'cy']) await report('users', unit, { member })
    await expect(report('users', unit, { member: 'dee' })).rejects.toMatchObject(
      refusal('ReadingsFull'),
    )
    expect(await report('users', unit, { member: 'ada' })).toMatchObject({ result: 'accepted' })
    expect((await ledger.usage()).readings).toMatchObject([{ count: 3, quantity: 3n * unit }])
  })

  test('have the same cap after a restart, with the members that were known before', async () => {
    const { report, ledger, clock, directory } = await benchOf('unique')
    for (const member of ['ada', 'bob', 'cy']) await report('users', unit, { member })
    await ledger.close()
    const next = await benchOf('unique', { clock, directory })
    await expect(next.report('users', unit, { member: 'dee' })).rejects.toMatchObject(
      refusal('ReadingsFull'),
    )
    for (const member of ['ada', 'cy']) await next.report('users', unit, { member })
    expect((await next.ledger.usage()).readings).toMatchObject([{ count: 3, quantity: 3n * unit }])
  })

  test('that do not fit are refused with their whole request', async () => {
    const { ledger } = await benchOf('unique')
    const reports = ['ada', 'bob', 'cy', 'dee'].map((member) => ({
      dimension: 'users',
      member,
      quantity: unit,
      occurredAt: undefined,
      tags: '',
      idempotencyKey: undefined,
    }))
    await expect(ledger.report({ reports, idempotencyKey: undefined })).rejects.toMatchObject(
      refusal('ReadingsFull'),
    )
    expect((await ledger.usage()).readings).toEqual([])
  })

  test('that another task or pod left become an amount of the current hour', async () => {
    const { ledger, clock, report, directory } = await benchOf('max', { resource: 'pod:old' })
    await report('hosts', 3n * unit)
    await clock.advance(2 * hourMs)
    await ledger.close()
    const next = await benchOf('max', { directory, clock, resource: 'pod:new' })
    await next.report('hosts', 4n * unit)
    const { open, readings } = await next.ledger.usage()
    expect(open).toEqual([{ dimension: 'hosts', hour: nine + 2 * hourMs, quantity: 3n * unit }])
    expect(readings).toMatchObject([{ hour: nine + 2 * hourMs, quantity: 4n * unit }])
    expect(await sealHours(next.ledger, clock, {}, true)).toMatchObject([{ quantity: 7_000_000n }])
  })

  test('that another task or pod left are held where late usage is held', async () => {
    const { ledger, clock, report, directory } = await benchOf('unique', { resource: 'pod:old' })
    for (const member of ['ada', 'bob']) await report('users', unit, { member })
    await ledger.close()
    const next = await benchOf('unique', {
      directory,
      clock,
      resource: 'pod:new',
      lateUsage: 'hold',
    })
    expect((await next.ledger.usage()).held).toMatchObject([{ quantity: 2n * unit, hour: nine }])
  })

  test('above the limit of their dimension are held as an amount', async () => {
    const { ledger, clock, report } = await benchOf('max', { maxPerHour: () => 5n * unit })
    await report('hosts', 6n * unit)
    await clock.advance(hourMs)
    expect(await sealHours(ledger, clock)).toEqual([])
    expect((await ledger.usage()).held).toMatchObject([{ reason: 'guard', quantity: 6n * unit }])
  })

  test('keep no member as it was reported', async () => {
    const { ledger, directory, report } = await benchOf('unique')
    await report('users', unit, { member: 'ada.lovelace@example.org' })
    await ledger.close()
    const { readFileSync } = await import('node:fs')
    expect(readFileSync(`${directory}/ledger.db`).includes('lovelace')).toBe(false)
  })
})
