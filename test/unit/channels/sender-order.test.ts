import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { markSending } from '../../support/ledger/one-record.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import {
  accepted,
  createSenderBench as createBench,
  script,
  sealHour,
  throttled,
  work,
} from '../../support/ledger/sender-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'

const minute = 60_000

describe('the time of a first attempt', () => {
  const spread = { notBefore: (hour: number) => hour + 1.5 * hourMs }

  test.each([
    ['is that of its hour where an earlier process has tried it', 0],
    ['stays where the clock goes back by less than it may be wrong', -18 * minute],
    ['stays where the hour lies exactly as far ahead as the clock may be wrong', -20 * minute],
  ])('%s', async (_, stepMs) => {
    const bench = await createBench(script(), spread)
    await bench.clock.advance(hourMs)
    await sealHour(bench, 'requests')
    await markSending(bench.ledger, 1)
    // It is 11:15, and the record is that of 10:00.
    bench.clock.step(-hourMs + (stepMs === 0 ? hourMs : stepMs))
    bench.sender.wake()
    await work()
    expect(bench.sent).toEqual([])
    await bench.clock.advance(Date.parse('2026-03-10T11:30:00Z') - bench.clock.now())
    await work()
    expect(bench.sent).toHaveLength(1)
  })

  test('stays for a record that was never sent, however far ahead its hour is', async () => {
    const bench = await createBench(script(), spread)
    await bench.clock.advance(24 * hourMs)
    await sealHour(bench, 'requests')
    bench.clock.step(-24 * hourMs)
    bench.sender.wake()
    await work()
    expect(bench.sent).toEqual([])
  })
})

test('nothing of the book is read while the whole task waits', async () => {
  const bench = await createBench(script(throttled))
  await sealHour(bench, 'requests', 'storage')
  bench.sender.wake()
  await work()
  const { ledger } = bench
  const read = ledger.pendingRecords.bind(ledger)
  let reads = 0
  Object.assign(ledger, {
    pendingRecords: (...args: Parameters<typeof read>) => {
      reads += 1
      return read(...args)
    },
  })
  bench.sender.wake()
  await work()
  expect(reads).toBe(0)
  await bench.clock.advance(minute)
  await work()
  expect(reads).toBeGreaterThan(0)
  expect(await read()).toEqual([])
})

test('what was ready when the sender stopped is not begun', async () => {
  const release = Promise.withResolvers<void>()
  const bench = await createBench(async () => {
    await release.promise
    return accepted
  })
  await sealHour(bench, 'a', 'b', 'c', 'd', 'e')
  bench.sender.wake()
  await work()
  expect(bench.sent).toHaveLength(4)
  bench.sender.stop()
  release.resolve()
  await work()
  bench.sender.wake()
  await bench.sender.settled()
  expect(bench.sent).toHaveLength(4)
  expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'sealed' }])
})

test('a book that cannot be read again is news once it could be read in between', async () => {
  const { log, lines } = createRecordedLog()
  const bench = await createBench(script(), { log })
  await sealHours(bench.ledger, bench.clock)
  await bench.report('requests', unit)
  const { ledger } = bench
  const read = ledger.pendingRecords.bind(ledger)
  let isBroken = true
  Object.assign(ledger, {
    pendingRecords: (...args: Parameters<typeof read>) =>
      isBroken ? Promise.reject(new Error('locked')) : read(...args),
  })
  const look = async () => {
    bench.sender.wake()
    await work()
  }
  await look()
  await look()
  expect(lines.map(({ event }) => event)).toEqual(['records.not-read'])
  isBroken = false
  await look()
  isBroken = true
  await look()
  expect(lines.map(({ event }) => event)).toEqual(['records.not-read', 'records.not-read'])
})
