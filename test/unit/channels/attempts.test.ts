import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import {
  createSenderBench as createBench,
  failure,
  lost,
  misconfigured,
  script,
  sealHour,
  work,
} from '../../support/ledger/sender-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'

describe('the hour that usage went back to', () => {
  const tooLate = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })

  test.each([
    ['is told for a record that is too late', 'carry', [Date.parse('2026-03-10T16:00:00Z')]],
    ['is none where the usage is held', 'hold', []],
  ] as const)('%s', async (_, lateUsage, hours) => {
    const arrived: number[] = []
    const usageArrived = (hour: number) => void arrived.push(hour)
    const bench = await createBench(() => Promise.resolve(tooLate), { lateUsage, usageArrived })
    await sealHour(bench, 'requests')
    await bench.clock.advance(6 * hourMs)
    bench.sender.wake()
    await work()
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'moved' }])
    expect(arrived).toEqual(hours)
  })

  test('is none for a record that AWS accepts, refuses or does not answer for', async () => {
    const arrived: number[] = []
    const usageArrived = (hour: number) => void arrived.push(hour)
    const bench = await createBench(script(lost, misconfigured), { usageArrived })
    await sealHour(bench, 'requests')
    for (let minute = 0; minute < 3; minute += 1) {
      bench.sender.wake()
      await work()
      await bench.clock.advance(60_000)
    }
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
    expect(arrived).toEqual([])
  })
})

test('a record that gets a time of now says nothing of tags', async () => {
  const { log, lines } = createRecordedLog()
  const tooEarly = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })
  const bench = await createBench(script(tooEarly), { log, awsTime: { isKnown: true } })
  await sealHour(bench, 'requests')
  bench.clock.step(-23 * 60_000)
  const flushed = bench.sender.flush()
  await work()
  await bench.clock.advance(5000)
  await work()
  bench.sender.stop()
  await flushed
  expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
  expect(lines.map(({ event }) => event)).not.toContain('record.untagged')
})
