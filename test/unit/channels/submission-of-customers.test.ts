import { describe, expect, test } from 'vitest'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import type { SubmissionOptions } from '../../../src/channels/create-submission.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { openSubmission } from '../../support/ledger/open-submission.ts'
import { settle } from '../../support/manual-clock.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const sealDelayMs = 3_600_000

async function createParts(hasCustomers = true, more: Partial<SubmissionOptions> = {}) {
  const bench = await openBench({
    resource: 'saas:product',
    readings: { maxReadings: 5, newSecret: () => '' },
    ...(hasCustomers && {
      customers: { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' },
    }),
  })
  const sent: string[] = []
  const api: Partial<MeteringApi> = {
    batchMeterUsage: ({ records }) => {
      for (const { identifier, timestamp } of records)
        sent.push(`${identifier} ${new Date(timestamp).toISOString().slice(11, 19)}`)
      const results = records.map(
        (_, index) =>
          ({ status: 'Success', meteringRecordId: `m-${sent.length}-${index}` }) as const,
      )
      return Promise.resolve({ ok: true, value: { results } })
    },
  }
  const channel = hasCustomers ? 'batch-meter-usage' : undefined
  return { ...openSubmission(bench, api, { channel, sealDelayMs, ...more }), sent }
}

describe('records of customers', () => {
  const record = (identifier: string, occurredAt: number) => ({
    names: { identifier },
    dimension: 'requests',
    occurredAt,
    parts: [{ quantity: unit, tags: untagged }],
  })

  test('of an hour that is over are sealed and sent after the delay', async () => {
    const { customers, submitter, clock, pass, sent } = await createParts()
    const outcomes = await customers?.reportRecords([
      record('one', clock.now()),
      record('two', nine - 3 * hourMs),
    ])
    expect(outcomes).toHaveLength(2)
    // The licence of a customer may have ended.
    expect(submitter.nextSealAt).toBe(clock.now() + 60_000)
    await pass(60_000)
    expect(sent).toEqual(['two 06:59:59'])
  })

  test('that waited for a registration are sealed when AWS has named the customer', async () => {
    const { customers, book, clock, pass, sent } = await createParts()
    const report = reportOf('requests', unit, {
      customer: 'aws:identifier:acme',
      occurredAt: nine - 3 * hourMs,
    })
    await book.report({ reports: [report], idempotencyKey: undefined })
    await pass(2 * hourMs)
    expect(sent).toEqual([])
    const registration = await customers?.adopt({ identifier: 'acme' })
    expect(registration?.customer).toBe('aws:identifier:acme')
    await settle(60)
    expect(sent).toEqual(['acme 06:59:59'])
    expect(clock.now()).toBe(nine + 2 * hourMs + 15 * 60_000)
  })
})

test('an hour without usage is zero where its source was heard in it, and only there', async () => {
  const { heard, submitter, pass, ledger, clock } = await createParts(false, {
    zeroRecords: true,
    product: { dimensions: [{ name: 'hosts', from: {} }] },
  })
  heard(['hosts'], clock.now())
  await pass(4 * hourMs)
  await submitter.tick()
  const { pending } = await ledger.usage()
  expect(pending.map(({ dimension, hour, quantity }) => [dimension, hour, quantity])).toEqual([
    ['hosts', nine, 0n],
  ])
})

test('a product without customers has none here', async () => {
  expect((await createParts(false)).customers).toBeUndefined()
})

describe('the next record', () => {
  test('is sent after the seal delay of the earliest open hour, and none where nothing is open', async () => {
    const { nextSendAt, acceptedUntil, clock, submitter } = await createParts()
    expect(nextSendAt(undefined)).toBeUndefined()
    expect(nextSendAt(nine)).toBe(nine + hourMs + sealDelayMs)
    submitter.usageArrived(nine)
    expect(nextSendAt(nine - 9 * hourMs)).toBe(clock.now() + 60_000)
    expect(acceptedUntil(nine)).toBe(nine + hourMs + 24 * hourMs)
  })
})

test('counters of an hour that is over are sealed after the delay', async () => {
  const { book, submitter, clock } = await createParts(false)
  await clock.advance(5 * hourMs)
  const point = {
    dimension: 'requests',
    series: 'a',
    tags: untagged,
    value: 3n * unit,
    startedAt: nine + hourMs,
    start: 'start',
    firstValue: 'count' as const,
  }
  const at = clock.now() - 3 * hourMs
  const follows = new Map([['requests', 'all']])
  const [counted] = await book.countStreams({ source: 'otlp', follows, points: [{ ...point, at }] })
  expect(counted).toMatchObject({ outcome: 'counted', rise: 3n * unit })
  expect(submitter.nextSealAt).toBe(clock.now() + sealDelayMs)
  const page = { source: 'page', readAt: clock.now(), startedAt: undefined, isSteady: true }
  expect(await book.countPage({ ...page, follows, counters: [] })).toEqual([])
})
