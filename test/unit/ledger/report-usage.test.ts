import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import type { UsageReport, UsageRequest } from '../../../src/metering/report.ts'
import { openBench, reportOf, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { refusal } from '../../support/refusal.ts'

const largest = 10n ** 18n * unit

const keyed = (idempotencyKey: string | undefined, more: Partial<UsageReport> = {}) => ({
  ...reportOf('requests', unit),
  idempotencyKey,
  ...more,
})

async function send(
  { ledger }: LedgerBench,
  reports: readonly UsageReport[],
  more: Partial<UsageRequest> = {},
) {
  const receipts = await ledger.report({ reports, idempotencyKey: undefined, ...more })
  return receipts.map(({ result }) => result)
}

const openUnits = async ({ ledger }: LedgerBench) =>
  (await ledger.usage()).open.map(({ quantity }) => quantity / unit)

describe('reports of which some have an idempotency key', () => {
  test('count again without a key, and once with one', async () => {
    const bench = await openBench()
    const batch = [keyed('k'), keyed(undefined)]
    expect(await send(bench, batch)).toEqual(['accepted', 'accepted'])
    expect(await send(bench, batch)).toEqual(['duplicate', 'accepted'])
    expect(await openUnits(bench)).toEqual([3n])
  })

  test('are refused for one without a key that lies outside the window', async () => {
    const bench = await openBench()
    const old = keyed(undefined, { occurredAt: bench.clock.now() - 7 * hourMs })
    await expect(send(bench, [keyed('k'), old])).rejects.toMatchObject({
      code: 'OccurredAtTooOld',
      index: 1,
    })
    expect(await openUnits(bench)).toEqual([])
  })

  test('are refused for one with a key that lies outside the window, and say which of several', async () => {
    const bench = await openBench()
    const old = keyed('k', { occurredAt: bench.clock.now() - 7 * hourMs })
    const code = 'OccurredAtTooOld'
    await expect(send(bench, [keyed('l'), old])).rejects.toMatchObject(refusal(code, { index: 1 }))
    await expect(send(bench, [old])).rejects.toMatchObject(refusal(code, { index: undefined }))
  })

  test('are refused whole where an account has no room for them', async () => {
    const bench = await openBench()
    await send(bench, [keyed('most', { quantity: largest - unit })])
    const both = [keyed('k'), keyed(undefined)]
    await expect(send(bench, both)).rejects.toMatchObject(refusal('QuantityTooLarge'))
    expect(await send(bench, [keyed('k')])).toEqual(['accepted'])
  })

  test('need no room for what is only repeated', async () => {
    const bench = await openBench()
    const most = keyed('most', { quantity: largest })
    await send(bench, [most])
    expect(await send(bench, [most, keyed('nothing', { quantity: 0n })])).toEqual([
      'duplicate',
      'accepted',
    ])
  })

  test('are refused whole where an hour has no room for another member', async () => {
    const bench = await openBench({
      meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate: 'unique' }),
      readings: { maxReadings: 1, newSecret: () => 'secret' },
    })
    const members = [keyed('k', { member: 'ada' }), keyed('l', { member: 'bob' })]
    await expect(send(bench, members)).rejects.toMatchObject(refusal('ReadingsFull'))
    expect((await bench.ledger.usage()).readings).toEqual([])
    expect(await send(bench, members.slice(0, 1))).toEqual(['accepted'])
  })
})

test('readings of one request are not added up', async () => {
  const bench = await openBench({
    meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate: 'max' }),
    readings: { maxReadings: 10, newSecret: () => 'secret' },
  })
  const readings = [keyed(undefined, { quantity: 3n * unit }), keyed(undefined)]
  expect(await send(bench, readings)).toEqual(['accepted', 'accepted'])
  const { open, readings: read } = await bench.ledger.usage()
  expect(open).toEqual([])
  expect(read).toMatchObject([{ dimension: 'requests', quantity: 3n * unit }])
})

test.each([
  ['sum', 3n * unit],
  ['max', 0n],
] as const)(
  'who watches hears what the reports of a %s add up to while its hour is open',
  async (aggregate, quantity) => {
    const bench = await openBench({
      meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate }),
      readings: { maxReadings: 10, newSecret: () => 'secret' },
    })
    await send(bench, [keyed('k', { quantity: 2n * unit }), keyed('l')])
    await send(bench, [keyed('k', { quantity: 2n * unit })])
    expect(bench.told('usageReported')).toMatchObject([
      { dimension: 'requests', accepted: 2, duplicates: 0, quantity },
      { dimension: 'requests', accepted: 0, duplicates: 1, quantity: 0n },
    ])
  },
)

test('a record that was sent before answers for the idempotency key that it is sent with again', async () => {
  const bench = await openBench()
  const reports = [keyed(undefined)]
  const record = { key: 'MeterUsage record-1', windowMs: 6 * hourMs }
  const idempotencyKey = 'token'
  expect(await send(bench, reports, { record })).toEqual(['accepted'])
  expect(await send(bench, reports, { record, idempotencyKey })).toEqual(['duplicate'])
  expect(await send(bench, reports, { idempotencyKey })).toEqual(['duplicate'])
  const other = [keyed(undefined, { quantity: 2n * unit })]
  await expect(send(bench, other, { idempotencyKey })).rejects.toMatchObject(
    refusal('IdempotencyKeyReused'),
  )
  expect(await openUnits(bench)).toEqual([1n])
})
