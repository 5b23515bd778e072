import { describe, expect, inject, test } from 'vitest'
import type { ReadingAggregate } from '../../src/metering/reading.ts'
import type { Scope } from '../../src/metering/account.ts'
import type { LateUsagePolicy } from '../../src/metering/record/record.ts'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../support/ledger/one-record.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { openSharedLedger, type SharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const minuteMs = 60_000

interface Options {
  readonly aggregate: ReadingAggregate
  readonly scope: Scope
  readonly lateUsage?: LateUsagePolicy
}

/** Three tasks on one database, from an instant on; a value of theirs stands for five minutes. */
async function threeTasks(start: string, { aggregate, scope, lateUsage = 'carry' }: Options) {
  const url = await newDatabase(server)
  const clock = new ManualClock(start)
  const open = (name: string) =>
    openSharedLedger(url, `task/${name}`, clock, {
      meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate, scope }),
      readings: { maxReadings: 1000, newSecret: () => 'secret' },
      lateUsage,
    })
  const [a, b, c] = [await open('a'), await open('b'), await open('c')]
  const pause = (name: string) =>
    asOwner(
      url,
      `UPDATE marketplace_sidecar.lease SET until = '-infinity' WHERE resource_id =
         (SELECT id FROM marketplace_sidecar.resource WHERE identity = 'task/${name}')`,
    )
  return { clock, a, b, c, open, pause }
}

const totals = async ({ ledger }: SharedLedger) => {
  const sums = await ledger.audit()
  expect(sums.map(({ imbalance }) => imbalance)).toEqual(sums.map(() => 0n))
  const sumOf = (name: 'reported' | 'open' | 'recorded' | 'fraction' | 'held') =>
    sums.reduce((sum, each) => sum + each[name], 0n)
  return {
    reported: sumOf('reported'),
    open: sumOf('open'),
    recorded: sumOf('recorded'),
    fraction: sumOf('fraction'),
    held: sumOf('held'),
  }
}

describe('an integral that a task left over the end of a month', () => {
  const start = '2026-03-31T23:50:00Z'
  const april = Date.parse('2026-04-01T00:00:00Z')
  const integral = { aggregate: 'integral', scope: 'resource' } as const

  test('counts until it was taken over, once, in an hour of who took it over', async () => {
    const { clock, a, b } = await threeTasks(start, integral)
    await a.report('seats', 600n * unit)
    await clock.advance(8 * minuteMs)
    // Stood for five minutes, then nothing did; this one stands across the end of the month.
    await a.report('seats', 600n * unit)
    await clock.advance(4 * minuteMs)
    await a.ledger.close()
    expect(await b.ledger.takeOver()).toEqual([april])
    expect(await b.ledger.takeOver()).toEqual([])
    await clock.advance(hourMs)
    expect(await b.seal()).toMatchObject([
      { hour: april, quantity: 90n * unit, resource: 'task/b' },
    ])
    expect(await totals(b)).toMatchObject({ reported: 90n * unit, recorded: 90n * unit })
  })

  test('is held where late usage is, each month by itself', async () => {
    const { clock, a, b } = await threeTasks(start, { ...integral, lateUsage: 'hold' })
    await clock.advance(8 * minuteMs)
    await a.report('seats', 600n * unit)
    await clock.advance(4 * minuteMs)
    await a.ledger.close()
    await b.ledger.takeOver()
    await clock.advance(hourMs)
    expect(await b.seal()).toEqual([])
    expect((await b.ledger.usage()).held).toMatchObject([
      { hour: april - hourMs, quantity: 20n * unit, reason: 'adopted' },
      { hour: april, quantity: 20n * unit, reason: 'adopted' },
    ])
    expect(await totals(b)).toMatchObject({ reported: 40n * unit, held: 40n * unit })
  })

  test('that was taken over before the month ended begins the next one with nothing', async () => {
    const { clock, a, b } = await threeTasks(start, integral)
    await clock.advance(7 * minuteMs)
    await a.report('seats', 600n * unit)
    await clock.advance(2 * minuteMs)
    await a.ledger.close()
    expect(await b.ledger.takeOver()).toEqual([april - hourMs])
    await clock.advance(2 * hourMs)
    expect(await b.seal()).toMatchObject([{ hour: april - hourMs, quantity: 20n * unit }])
    expect(await totals(b)).toMatchObject({ reported: 20n * unit, recorded: 20n * unit })
  })

  test.each([
    ['before', 9],
    ['after', 12],
  ])('of a task that was paused and comes back is billed once (%s the end)', async (_, at) => {
    const { clock, a, b, pause } = await threeTasks(start, integral)
    await clock.advance(8 * minuteMs)
    await a.report('seats', 600n * unit)
    await clock.advance((at - 8) * minuteMs)
    await pause('a')
    await b.ledger.takeOver()
    // What stood while it was paused is not known, so the new value counts from here.
    await clock.advance((13 - at) * minuteMs)
    await a.report('seats', 600n * unit)
    await clock.advance(hourMs)
    await a.seal()
    await b.seal()
    const taken = BigInt(at - 8) * 10n
    expect(await totals(b)).toMatchObject({
      open: 0n,
      recorded: (taken + 50n) * unit,
      reported: (taken + 50n) * unit,
    })
  })
})

describe('members of all tasks, of whom one is gone', () => {
  const start = '2026-03-10T09:15:00Z'
  const unique = { aggregate: 'unique', scope: 'cluster' } as const
  const hour = hourOf(Date.parse(start))
  const see = async ({ report }: SharedLedger, ...members: readonly string[]) => {
    for (const member of members) await report('users', unit, { member, occurredAt: hour })
  }

  test.each(['carry', 'hold'] as const)(
    'count once, in their hour, also those whom it alone saw (late usage: %s)',
    async (lateUsage) => {
      const { clock, a, b, c } = await threeTasks(start, { ...unique, lateUsage })
      await see(a, 'ann', 'bob')
      await see(b, 'bob', 'cid')
      await a.ledger.close()
      await b.ledger.takeOver()
      await see(c, 'ann', 'dan')
      await clock.advance(hourMs)
      expect(await c.seal()).toEqual([])
      expect(await b.seal()).toMatchObject([{ hour, quantity: 4n * unit, resource: 'task/b' }])
      expect(await totals(b)).toMatchObject({ reported: 4n * unit, recorded: 4n * unit, held: 0n })
    },
  )

  test.each(['carry', 'hold'] as const)(
    'are in the record that it sealed, and late ones are compared with them (late usage: %s)',
    async (lateUsage) => {
      const { clock, a, b, c, open } = await threeTasks(start, { ...unique, lateUsage })
      await see(a, 'ann', 'bob')
      await see(c, 'cid')
      await clock.advance(hourMs)
      const [sealed] = await a.seal()
      expect(sealed).toMatchObject({ hour, quantity: 3n * unit })
      await a.ledger.close()
      expect(await b.ledger.takeOver()).toEqual([hour])
      const id = sealed?.id ?? 0
      expect(await markSending(b.ledger, id)).toMatchObject({ hour, quantity: 3n * unit })
      await settle(b.ledger, id, { kind: 'accepted', meteringRecordId: 'm-1' })
      const d = await open('d')
      await see(d, 'ann', 'cid', 'eve')
      await see(c, 'eve')
      await clock.advance(hourMs)
      expect(await b.seal()).toMatchObject([{ hour: hour + hourMs, quantity: unit }])
      expect(await totals(b)).toMatchObject({ reported: 4n * unit, open: 0n })
    },
  )

  test('count once when it was only paused and reports them again', async () => {
    const { clock, a, b, pause } = await threeTasks(start, unique)
    await see(a, 'ann', 'bob')
    await pause('a')
    await b.ledger.takeOver()
    await see(a, 'ann', 'cid')
    await clock.advance(hourMs)
    const records = [...(await b.seal()), ...(await a.seal())]
    expect(records).toMatchObject([{ hour, quantity: 3n * unit }])
    await see(a, 'bob', 'dan')
    await clock.advance(hourMs)
    const late = [...(await b.seal()), ...(await a.seal())]
    expect(late).toMatchObject([{ quantity: unit }])
    expect(await totals(b)).toMatchObject({ reported: 4n * unit, recorded: 4n * unit, open: 0n })
  })

  test('stay with the last task, which seals them at its end', async () => {
    const { a, b, c } = await threeTasks(start, unique)
    await see(a, 'ann')
    await see(b, 'ann', 'bob')
    await see(c, 'cid')
    for (const { ledger } of [a, b]) await ledger.close()
    await c.ledger.takeOver()
    expect(await c.seal(true)).toMatchObject([{ hour, quantity: 3n * unit }])
    expect(await totals(c)).toMatchObject({ reported: 3n * unit, recorded: 3n * unit })
  })
})
