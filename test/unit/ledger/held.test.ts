import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import { releaseHeld } from '../../../src/ledger/decisions/release-held.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import { changeBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import {
  openBench,
  reportOf,
  temporaryDirectory,
  unit,
  type LedgerBench,
} from '../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const tags = canonicalTags([{ key: 'team', value: 'a' }])
const limits = {
  maxPerHour: (dimension: string) => (dimension === 'free' ? undefined : 100n * unit),
}

const release = ({ directory, clock }: LedgerBench, id: number) =>
  operate(
    (decide) => changeBook(directory, decide),
    2500,
    (page) => releaseHeld(page, id, clock.now(), plainMeaning),
  )

async function balanced({ ledger }: LedgerBench): Promise<boolean> {
  return (await ledger.audit()).every(({ imbalance }) => imbalance === 0n)
}

/** A ledger at 10:15 that has held 101 requests of 09:00, 1 of them tagged. */
async function guarded() {
  const bench = await openBench(limits)
  await bench.report('requests', 100n * unit)
  await bench.report('requests', unit, { tags })
  await bench.clock.advance(hourMs)
  expect(await sealHours(bench.ledger, bench.clock)).toEqual([])
  return bench
}

describe('an hour above maxPerHour', () => {
  test('is held when it is sealed, with its tags, and announced once', async () => {
    const bench = await guarded()
    expect((await bench.ledger.usage()).held).toEqual([
      {
        id: 1,
        customer: '',
        dimension: 'requests',
        hour: nine,
        quantity: 101n * unit,
        reason: 'guard',
        since: bench.clock.now(),
      },
    ])
    await sealHours(bench.ledger, bench.clock)
    expect(bench.told('usageHeld')).toEqual([
      {
        dimension: 'requests',
        hour: nine,
        quantity: 101n * unit,
        reason: 'guard',
        limit: 100n * unit,
      },
    ])
    expect(await bench.ledger.gauges()).toMatchObject({
      guardedHours: [nine],
      held: new Map([['requests', 101n * unit]]),
      pending: new Map([['requests', 101n * unit]]),
    })
    expect(await bench.ledger.audit()).toMatchObject([
      { open: 0n, held: 101n * unit, imbalance: 0n },
    ])
  })

  test('blocks no other hour and no other dimension', async () => {
    const bench = await openBench(limits)
    await bench.report('requests', 101n * unit)
    await bench.report('storage', 7n * unit)
    await bench.report('free', 1000n * unit)
    await bench.clock.advance(hourMs)
    await bench.report('requests', 5n * unit)
    await bench.clock.advance(hourMs)
    const records = await sealHours(bench.ledger, bench.clock)
    expect(
      records.map(({ dimension, hour, quantity }) => [dimension, hour, quantity / unit]),
    ).toEqual([
      ['requests', nine + hourMs, 5n],
      ['storage', nine, 7n],
      ['free', nine, 1000n],
    ])
    expect(await balanced(bench)).toBe(true)
  })

  test('at the limit is sealed', async () => {
    const bench = await openBench(limits)
    await bench.report('requests', 100n * unit)
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([{ quantity: 100_000_000n }])
  })

  test('is closed to new usage, which goes to the next hour', async () => {
    const bench = await guarded()
    const late = await bench.report('requests', unit, { occurredAt: nine + 1 })
    expect(late).toMatchObject({ hour: nine + hourMs, late: true })
  })

  test('gets no zero record', async () => {
    const bench = await guarded()
    const now = bench.clock.now()
    const zeroHours = [{ dimension: 'requests', hour: nine }]
    const plan = () => expect.unreachable('the hour is closed')
    const sealed = await Array.fromAsync(bench.ledger.seal({ before: nine, now, plan, zeroHours }))
    expect(sealed).toEqual([])
  })

  test('stays held after its window and over restarts', async () => {
    const bench = await guarded()
    await bench.ledger.close()
    await bench.clock.advance(9 * hourMs)
    const { directory, clock } = bench
    const again = await openBench({ ...limits, directory, clock })
    expect(await sealHours(again.ledger, clock)).toEqual([])
    expect((await again.ledger.usage()).held).toMatchObject([{ id: 1, hour: nine }])
  })

  test('is not held for usage that means something else today', async () => {
    const bench = await openBench(limits)
    await bench.report('requests', 200n * unit)
    await bench.ledger.close()
    const { directory, clock } = bench
    const meaningOf = () => ({ productCode: 'product', divisor: 1000n })
    const again = await openBench({ ...limits, directory, clock, meaningOf })
    await clock.advance(hourMs)
    expect(await sealHours(again.ledger, clock)).toMatchObject([
      { quantity: 200_000_000n, divisor: 1n },
    ])
  })

  test('is not held again for a record that was moved into it', async () => {
    const bench = await openBench(limits)
    await bench.report('requests', 80n * unit)
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    await markSending(bench.ledger, record?.id ?? 0)
    const taken = { kind: 'hour-taken', code: 'Duplicate', message: 'taken' } as const
    await settle(bench.ledger, record?.id ?? 0, taken)
    await bench.report('requests', 80n * unit)
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([{ quantity: 160_000_000n }])
    expect(await balanced(bench)).toBe(true)
  })
})

describe('release', () => {
  test('bills held usage with the current hour, tags and all, past the guard', async () => {
    const bench = await guarded()
    await bench.report('requests', 50n * unit)
    expect(await release(bench, 1)).toMatchObject({ hour: nine, releasedTo: nine + hourMs })
    expect((await bench.ledger.usage()).held).toEqual([])
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      {
        hour: nine + hourMs,
        quantity: 151_000_000n,
        allocations: [
          { tags: untagged, quantity: 150_000_000n },
          { tags, quantity: 1_000_000n },
        ],
      },
    ])
    expect(await balanced(bench)).toBe(true)
  })

  test('does not hide what else the hour reports above the limit', async () => {
    const bench = await guarded()
    await release(bench, 1)
    await bench.report('requests', 101n * unit)
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toEqual([])
    expect((await bench.ledger.usage()).held).toMatchObject([{ id: 3, quantity: 202n * unit }])
  })

  test('is done once: the id is gone, and is never used again', async () => {
    const bench = await guarded()
    await release(bench, 1)
    await expect(release(bench, 1)).rejects.toMatchObject(refusal('HeldNotFound'))
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    await bench.report('requests', 101n * unit)
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    await expect(release(bench, 1)).rejects.toMatchObject(refusal('HeldNotFound'))
  })

  test('leaves no note of the hour once it is sealed', async () => {
    const bench = await guarded()
    await release(bench, 1)
    const notes = () => {
      const database = new DatabaseSync(join(bench.directory, 'ledger.db'), { readOnly: true })
      const rows = database.prepare("SELECT name FROM note WHERE name LIKE 'unguarded%'").all()
      database.close()
      return rows.length
    }
    expect(notes()).toBe(1)
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    expect(notes()).toBe(0)
  })
})

describe('adoption where late usage is held', () => {
  test('holds what it finds, with the hours that it had, and sends none of it', async () => {
    const first = await openBench({ resource: 'pod:old' })
    await first.report('sealed', 2n * unit, { tags })
    await first.report('sealed', 500_000n)
    await first.report('tried', unit)
    await first.clock.advance(hourMs)
    const records = await sealHours(first.ledger, first.clock)
    await markSending(first.ledger, records.find(({ dimension }) => dimension === 'tried')?.id ?? 0)
    await first.report('open', 3n * unit)
    await first.ledger.close()

    const { directory, clock } = first
    const lateUsage = 'hold'
    const { log, lines } = createRecordedLog()
    const bench = await openBench({ directory, clock, resource: 'pod:new', lateUsage, log })
    expect(lines[0]?.message).toContain('is held until an operator decides')
    const usage = await bench.ledger.usage()
    expect(usage.open).toEqual([])
    expect(usage.held).toMatchObject([
      { dimension: 'sealed', hour: nine, quantity: 2n * unit, reason: 'adopted' },
      { dimension: 'open', hour: nine + hourMs, quantity: 3n * unit, reason: 'adopted' },
    ])
    expect(usage.settled.map(({ dimension, state }) => [dimension, state])).toEqual(
      expect.arrayContaining([
        ['sealed', 'moved'],
        ['tried', 'unresolved'],
      ]),
    )
    expect(await balanced(bench)).toBe(true)
    await bench.clock.advance(2 * hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toEqual([])

    await release(bench, usage.held[0]?.id ?? 0)
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      { resource: 'pod:new', quantity: 2_000_000n, allocations: [{ tags, quantity: 2_000_000n }] },
    ])
    expect(await balanced(bench)).toBe(true)
  })

  test('leaves the hour open for what the new task or pod reports itself', async () => {
    const first = await openBench({ resource: 'pod:old' })
    await first.report('requests', unit)
    await first.ledger.close()
    const { directory, clock } = first
    const bench = await openBench({ directory, clock, resource: 'pod:new', lateUsage: 'hold' })
    expect(await bench.report('requests', unit)).toMatchObject({ hour: nine, late: false })
  })
})

test('held usage without a divisor gets the meaning of today when it is released', async () => {
  const directory = temporaryDirectory()
  const bench = await openBench({ directory, meaningOf: () => ({ productCode: '', divisor: 1n }) })
  await bench.report('requests', 5_250_000n)
  await bench.ledger.close()
  const database = new DatabaseSync(join(directory, 'ledger.db'))
  database.exec(`INSERT INTO held (account_id, resource_id, hour, tags, whole, micro, reason, since)
    SELECT account_id, resource_id, hour, tags, whole, micro, 'no-divisor', 0 FROM open;
    DELETE FROM open`)
  database.close()
  const again = await openBench({ directory, clock: bench.clock })
  expect(await release(again, 1)).toMatchObject({ account: { productCode: 'product' } })
  expect(await again.ledger.audit()).toMatchObject([
    { productCode: '', reported: 0n, imbalance: 0n },
    { productCode: 'product', reported: 5_250_000n, open: 5_250_000n, imbalance: 0n },
  ])
})

test('a group that is refused holds nothing', async () => {
  const bench = await openBench(limits)
  await bench.report('requests', 101n * unit)
  await bench.clock.advance(hourMs)
  const now = bench.clock.now()
  await bench.ledger.report({
    reports: [reportOf('storage', unit, { occurredAt: nine })],
    idempotencyKey: undefined,
  })
  const plan = () => {
    throw new Error('no plan')
  }
  await expect(
    Array.fromAsync(bench.ledger.seal({ before: nine + hourMs, now, plan, zeroHours: [] })),
  ).rejects.toThrow('no plan')
  expect(await bench.ledger.usage()).toMatchObject({ held: [], open: [{}, {}] })
})
