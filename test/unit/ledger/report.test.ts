import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import type { SealRequest } from '../../../src/ledger/sealing/seal-hours.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { defaultRules, sealHours } from '../../support/ledger/seal-rules.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const openUsage = async ({ ledger }: Awaited<ReturnType<typeof openBench>>) =>
  (await ledger.usage()).open

describe('a report', () => {
  test('belongs to the hour it occurred in, and to the current one by default', async () => {
    const bench = await openBench()
    await bench.report('requests', 3n * unit)
    await bench.report('requests', 4n * unit)
    await bench.report('requests', unit, { occurredAt: nine - 1 })
    expect(await openUsage(bench)).toEqual([
      { dimension: 'requests', hour: nine - hourMs, quantity: unit },
      { dimension: 'requests', hour: nine, quantity: 7n * unit },
    ])
  })

  test('goes to the first unsealed hour when its own is sealed, and counts as late', async () => {
    const bench = await openBench()
    await bench.report('requests', unit)
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    const late = await bench.report('requests', 2n * unit, { occurredAt: nine + 60_000 })
    expect(late).toEqual({ result: 'accepted', hour: nine + hourMs, late: true })
    const other = await bench.report('storage', unit, { occurredAt: nine + 60_000 })
    expect(other).toMatchObject({ hour: nine, late: false })
    expect(bench.told('usageReported').at(-2)).toMatchObject({ late: 1 })
  })

  test.each([
    ['more than six hours back', -6 * hourMs - 1, 'OccurredAtTooOld'],
    ['more than five minutes ahead', 5 * 60_000 + 1, 'OccurredAtInFuture'],
  ])('%s is refused, and with it its whole batch', async (_, offset, code) => {
    const bench = await openBench()
    const reports = [
      reportOf('requests', unit),
      reportOf('requests', unit, { occurredAt: bench.clock.now() + offset }),
    ]
    const refused = bench.ledger.report({ reports, idempotencyKey: undefined })
    await expect(refused).rejects.toMatchObject(refusal(code, { index: 1 }))
    const alone = bench.ledger.report({ reports: reports.slice(1), idempotencyKey: undefined })
    await expect(alone).rejects.toMatchObject(refusal(code, { index: undefined }))
    expect(await openUsage(bench)).toEqual([])
    expect((await bench.ledger.audit()).every(({ reported }) => reported === 0n)).toBe(true)
  })

  test('at the very edges of the window is taken', async () => {
    const bench = await openBench()
    const now = bench.clock.now()
    await bench.report('requests', unit, { occurredAt: now - 6 * hourMs })
    await bench.report('requests', unit, { occurredAt: now + 5 * 60_000 })
    expect(await openUsage(bench)).toHaveLength(2)
  })

  test('keeps sums of any size exact, where one integer of millionths would overflow', async () => {
    const bench = await openBench()
    const huge = 10n ** 21n - 1n
    for (let index = 0; index < 50; index += 1) await bench.report('bytes', huge)
    expect(await openUsage(bench)).toMatchObject([{ quantity: 50n * huge }])
    expect(await bench.ledger.audit()).toMatchObject([{ reported: 50n * huge, imbalance: 0n }])
    expect(await bench.ledger.audit()).toMatchObject([{ reported: 50n * huge, open: 50n * huge }])
  })

  test('with another order of tags is added to the same tag set', async () => {
    const bench = await openBench()
    const tags = [
      { key: 'team', value: 'a' },
      { key: 'env', value: 'x' },
    ]
    await bench.report('requests', unit, { tags: canonicalTags(tags) })
    await bench.report('requests', unit, { tags: canonicalTags(tags.toReversed()) })
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    expect(record?.allocations).toEqual([{ tags: canonicalTags(tags), quantity: 2_000_000n }])
  })

  test('with one tag set too many goes to the untagged bucket, counted', async () => {
    const bench = await openBench({ maxTagSets: 2 })
    for (const value of ['a', 'b', 'c', 'a', 'c'])
      await bench.report('requests', unit, { tags: canonicalTags([{ key: 'team', value }]) })
    expect(bench.told('tagSetsOverflowed')).toEqual([
      { dimension: 'requests', reports: 1 },
      { dimension: 'requests', reports: 1 },
    ])
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    expect(record?.allocations?.map(({ quantity }) => quantity / unit)).toEqual([2n, 2n, 1n])
  })

  test('whose hour is folded into one that has as many tag sets as it may is counted too', async () => {
    const bench = await openBench({ maxTagSets: 2 })
    const team = (value: string) => ({ tags: canonicalTags([{ key: 'team', value }]) })
    const now = bench.clock.now()
    for (const value of ['a', 'b']) await bench.report('requests', unit, team(value))
    await bench.clock.advance(hourMs)
    for (const value of ['c', 'd']) await bench.report('requests', unit, team(value))
    const plan: SealRequest['plan'] = (input) => planSeal(input, defaultRules)
    const folded = { before: nine + hourMs, foldAfter: nine, now, plan, zeroHours: [] }
    await Array.fromAsync(bench.ledger.seal(folded))
    expect(bench.told('tagSetsOverflowed')).toEqual([{ dimension: 'requests', reports: 2 }])
  })
})

describe('an idempotency key', () => {
  test('counts a repeated report once', async () => {
    const bench = await openBench()
    const first = await bench.report('requests', unit, { idempotencyKey: 'k' })
    await bench.clock.advance(hourMs)
    const again = await bench.report('requests', unit, { idempotencyKey: 'k' })
    expect(first).toEqual({ result: 'accepted', hour: nine, late: false })
    expect(again).toEqual({ result: 'duplicate', hour: nine, late: false })
    expect(await openUsage(bench)).toMatchObject([{ quantity: unit }])
  })

  test('of a request covers all its reports', async () => {
    const bench = await openBench()
    const request = {
      reports: [reportOf('requests', unit), reportOf('storage', 2n * unit)],
      idempotencyKey: 'whole',
    }
    await bench.ledger.report(request)
    const again = await bench.ledger.report(request)
    expect(again.map(({ result }) => result)).toEqual(['duplicate', 'duplicate'])
    expect(await openUsage(bench)).toHaveLength(2)
  })

  test('with other content is refused, and nothing of the request is recorded', async () => {
    const bench = await openBench()
    await bench.report('requests', unit, { idempotencyKey: 'k' })
    const reports = [
      reportOf('requests', 5n * unit, { idempotencyKey: 'fresh' }),
      reportOf('requests', 2n * unit, { idempotencyKey: 'k' }),
    ]
    await expect(bench.ledger.report({ reports, idempotencyKey: undefined })).rejects.toMatchObject(
      refusal('IdempotencyKeyReused'),
    )
    const fresh = await bench.report('requests', 6n * unit, { idempotencyKey: 'fresh' })
    expect(fresh.result).toBe('accepted')
    expect(await openUsage(bench)).toMatchObject([{ quantity: 7n * unit }])
  })

  test('twice in one batch counts once, and is refused when the contents differ', async () => {
    const bench = await openBench()
    const twice = [1, 1].map(() => reportOf('requests', unit, { idempotencyKey: 'k' }))
    const receipts = await bench.ledger.report({ reports: twice, idempotencyKey: undefined })
    expect(receipts.map(({ result }) => result)).toEqual(['accepted', 'duplicate'])
    const differing = [1n, 2n].map((size) => reportOf('requests', size, { idempotencyKey: 'l' }))
    await expect(
      bench.ledger.report({ reports: differing, idempotencyKey: undefined }),
    ).rejects.toMatchObject(refusal('IdempotencyKeyReused'))
    expect(await openUsage(bench)).toMatchObject([{ quantity: unit }])
  })

  test('used twice at the same moment counts once', async () => {
    const bench = await openBench()
    const receipts = await Promise.all(
      Array.from({ length: 20 }, () => bench.report('requests', unit, { idempotencyKey: 'k' })),
    )
    expect(receipts.filter(({ result }) => result === 'accepted')).toHaveLength(1)
    expect(await openUsage(bench)).toMatchObject([{ quantity: unit }])
  })

  test('is kept for 24 hours at least, and not for ever', async () => {
    const bench = await openBench()
    await bench.report('requests', unit, { idempotencyKey: 'k' })
    await bench.clock.advance(24 * hourMs)
    await bench.ledger.prune()
    expect(await bench.report('requests', unit, { idempotencyKey: 'k' })).toMatchObject({
      result: 'duplicate',
    })
    await bench.clock.advance(2 * hourMs)
    await bench.ledger.prune()
    expect(await bench.report('requests', unit, { idempotencyKey: 'k' })).toMatchObject({
      result: 'accepted',
    })
  })
})

describe('a repeated report', () => {
  test('that was recorded in time is a duplicate, however late it is repeated', async () => {
    const bench = await openBench()
    const more = { idempotencyKey: 'k', occurredAt: bench.clock.now() - 3 * hourMs }
    await bench.report('requests', unit, more)
    await bench.clock.advance(5 * hourMs)
    expect(await bench.report('requests', unit, more)).toMatchObject({ result: 'duplicate' })
  })
})

describe('reports that add up to more than any product has', () => {
  const largest = 10n ** 15n * unit
  const batch = {
    reports: Array.from({ length: 1000 }, () => reportOf('requests', largest)),
    idempotencyKey: undefined,
  }

  test('are refused whole, with a reason, and leave the books as they were', async () => {
    const bench = await openBench()
    await bench.ledger.report(batch)
    for (const more of [batch, { ...batch, reports: [reportOf('requests', 1n)] }])
      await expect(bench.ledger.report(more)).rejects.toMatchObject(refusal('QuantityTooLarge'))
    expect(await openUsage(bench)).toMatchObject([{ quantity: 1000n * largest }])
    expect(await bench.report('storage', unit)).toMatchObject({ result: 'accepted' })
    expect(await bench.ledger.audit()).toMatchObject([{ imbalance: 0n }, { imbalance: 0n }])
  })

  test('are refused in one request too', async () => {
    const bench = await openBench()
    const reports = [...batch.reports, reportOf('storage', unit), reportOf('requests', 1n)]
    const both = bench.ledger.report({ ...batch, reports })
    await expect(both).rejects.toMatchObject(refusal('QuantityTooLarge'))
    expect(await openUsage(bench)).toEqual([])
  })

  test('have room again when what they counted is settled and forgotten', async () => {
    const before = await openBench()
    await before.report('requests', unit + 1n)
    await before.ledger.close()
    const database = new DatabaseSync(join(before.directory, 'ledger.db'))
    database.exec(
      `UPDATE account SET reported_whole = reported_whole + ${10n ** 18n}, pruned_whole = ${10n ** 18n - 1n},
                          pruned_micro = 999999, reported_micro = 0`,
    )
    database.close()
    const bench = await openBench({ directory: before.directory })
    await expect(bench.report('requests', unit)).rejects.toMatchObject(refusal('QuantityTooLarge'))
    await bench.ledger.prune()
    expect(await bench.report('requests', unit)).toMatchObject({ result: 'accepted' })
    expect(await bench.ledger.audit()).toMatchObject([{ reported: 2n * unit + 1n, imbalance: 0n }])
  })
})
