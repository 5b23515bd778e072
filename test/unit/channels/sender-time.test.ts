import { describe, expect, test } from 'vitest'
import type {
  MeteringResult,
  MeterUsageRequest,
  MeterUsageValue,
} from '../../../src/aws/metering-api.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import {
  accepted,
  createSenderBench as createBench,
  failure,
  lost,
  script,
  sealHour,
  throttled,
  work,
} from '../../support/ledger/sender-bench.ts'

describe('a record whose time AWS rejects', () => {
  const outOfBounds = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })
  const known = { awsTime: { isKnown: true } }

  test('waits where it is not that late at AWS, and is sent for its own hour', async () => {
    const bench = await createBench(script(outOfBounds, outOfBounds), known)
    await sealHour(bench, 'requests')
    // AWS is eight minutes behind what the hour was sealed by.
    bench.clock.step(-23 * 60_000)
    bench.sender.wake()
    await work()
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'sealed' }])
    for (let minute = 0; minute < 10; minute += 1) {
      await bench.clock.advance(60_000)
      await work()
    }
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
    expect((await bench.ledger.usage()).open).toEqual([])
  })

  test('does not wait for an hour that is days ahead where AWS may have it', async () => {
    const bench = await createBench(script(lost, outOfBounds), {
      ...known,
      notBefore: (hour) => hour + hourMs,
    })
    await bench.clock.advance(24 * hourMs)
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'sending' }])
    // AWS has said that it is a day earlier.
    bench.clock.step(-24 * hourMs)
    await bench.clock.advance(60_000)
    await work()
    expect(bench.sent).toHaveLength(2)
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'moved' }])
  })

  test('is tried slowly while neither too early nor too late is certain', async () => {
    const bench = await createBench(script(outOfBounds), known)
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'refused' }])
    await bench.clock.advance(60_000)
    await work()
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
  })

  test('moves on when its window ends', async () => {
    const bench = await createBench(() => Promise.resolve(outOfBounds), known)
    await sealHour(bench, 'requests')
    bench.sender.wake()
    for (let quarter = 0; quarter < 24; quarter += 1) {
      await bench.clock.advance(15 * 60_000)
      await work()
    }
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'moved' }])
  })
})

describe('a step of the wall clock', () => {
  test('keeps no record waiting longer than its pause', async () => {
    const bench = await createBench(script(throttled))
    await sealHour(bench, 'requests')
    bench.clock.step(26 * hourMs)
    bench.sender.wake()
    await work()
    bench.clock.step(-26 * hourMs)
    await bench.clock.advance(1000)
    await work()
    expect(bench.sent).toHaveLength(2)
  })
})

describe('a record whose outcome stays unknown', () => {
  const hourOfCall = ({ timestamp }: MeterUsageRequest) =>
    new Date(timestamp).toISOString().slice(11, 13)

  /** AWS never answers for the first hour until `answers` says so. */
  async function createBlocked(answers: () => MeteringResult<MeterUsageValue>) {
    let first: number | undefined
    const bench = await createBench(({ timestamp }) => {
      first ??= timestamp
      return Promise.resolve(timestamp === first ? answers() : accepted)
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    return bench
  }

  test('lets later hours pass after three attempts', async () => {
    const bench = await createBlocked(() => lost)
    for (let attempt = 1; attempt < 3; attempt += 1) {
      await bench.clock.advance(10_000)
      await work()
    }
    expect(bench.sent.map(hourOfCall)).toEqual(['09', '09', '09'])
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(bench.sent.map(hourOfCall)).toContain('10')
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'sending' }])
  })

  test('is asked for once more when AWS answers again, and is then unresolved', async () => {
    let answer = lost
    const bench = await createBlocked(() => answer)
    await bench.clock.advance(7 * hourMs)
    answer = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })
    await bench.report('requests', unit)
    await sealHours(bench.ledger, bench.clock, {}, true)
    const before = bench.sent.length
    bench.sender.wake()
    await work()
    expect(bench.sent.slice(before).map(hourOfCall)).toEqual(['17', '09'])
    expect(await bench.ledger.usage()).toMatchObject({ unresolvedCount: 1, pending: [] })
  })
})
