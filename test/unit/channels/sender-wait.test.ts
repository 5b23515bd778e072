import { describe, expect, test, vi } from 'vitest'
import { retryRefused } from '../../../src/ledger/decisions/operator-actions.ts'
import { aboutRecord } from '../../../src/ledger/decisions/trail.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import {
  accepted,
  createSenderBench as createBench,
  misconfigured,
  script,
  sealHour,
  throttled,
  work,
} from '../../support/ledger/sender-bench.ts'

describe('the next attempt', () => {
  test('is now while one is under way, then at the end of its pause, and then none', async () => {
    const release = Promise.withResolvers<void>()
    const answers = [throttled, accepted]
    const bench = await createBench(async () => {
      await release.promise
      return answers.shift() ?? accepted
    })
    const { sender, clock } = bench
    expect(sender.nextAttemptAt).toBeUndefined()
    await sealHour(bench, 'requests')
    sender.wake()
    await work()
    expect(sender.nextAttemptAt).toBe(clock.now())
    release.resolve()
    await work()
    expect(sender.nextAttemptAt).toBe(clock.now() + 1000)
    await clock.advance(400)
    expect(sender.nextAttemptAt).toBe(clock.now() + 600)
    await clock.advance(600)
    await work()
    expect(await bench.ledger.pendingRecords()).toEqual([])
    expect(sender.nextAttemptAt).toBeUndefined()
  })

  test('is none after the stop, and no timer waits for it', async () => {
    const bench = await createBench(script(throttled))
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(bench.clock.waiting).toBe(1)
    bench.sender.stop()
    expect([bench.sender.nextAttemptAt, bench.clock.waiting]).toEqual([undefined, 0])
    expect(bench.sender.stopped.aborted).toBe(true)
    bench.sender.wake()
    await work()
    await expect(bench.sender.flush()).resolves.toBeUndefined()
    expect(bench.sent).toHaveLength(1)
  })

  test('comes within a minute where an operator has freed a record', async () => {
    const bench = await createBench(() => Promise.resolve(misconfigured))
    const { sender, clock, ledger, sent } = bench
    await sealHour(bench, 'requests')
    sender.wake()
    await work()
    for (const minutes of [1, 2, 4, 8]) {
      await clock.advance(minutes * 60_000)
      await work()
    }
    expect(sent).toHaveLength(5)
    expect(sender.nextAttemptAt).toBe(clock.now() + 15 * 60_000)
    const decide = (page: Parameters<typeof retryRefused>[0]) => retryRefused(page, 1)
    await ledger.decide({ action: 'retry', decide, about: aboutRecord })
    await clock.advance(60_000)
    await work()
    expect(sent).toHaveLength(6)
  })
})

test('a throttle pauses for longer than the one before it, and for less once AWS has accepted', async () => {
  const answers = [throttled, throttled, accepted, throttled]
  const bench = await createBench(script(...answers), { submitSpreadMs: 300_000 })
  const { sender, clock } = bench
  for (let hours = 0; hours < 2; hours += 1) await sealHour(bench, 'requests')
  sender.wake()
  await work()
  const pauses: number[] = []
  while (pauses.length < 3) {
    const pause = (sender.nextAttemptAt ?? 0) - clock.now()
    pauses.push(pause / 1000)
    await clock.advance(pause)
    await work()
  }
  expect(pauses).toEqual([600, 1200, 1200])
  expect(await bench.ledger.pendingRecords()).toEqual([])
})

describe('a sender that is stopped', () => {
  test('is settled when the attempt that was under way is', async () => {
    const release = Promise.withResolvers<void>()
    const bench = await createBench(async () => {
      await release.promise
      return accepted
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    bench.sender.stop()
    let settled = false
    const settling = bench.sender.settled().then(() => (settled = true))
    await work()
    expect(settled).toBe(false)
    release.resolve()
    await settling
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
  })

  test('says nothing of a book that it can no longer read', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(), { log })
    const closed = Promise.withResolvers<never>()
    Object.assign(bench.ledger, { pendingRecords: () => closed.promise })
    bench.sender.wake()
    await work()
    bench.sender.stop()
    closed.reject(new Error('the book is closed'))
    await bench.sender.settled()
    expect([lines, bench.clock.waiting]).toEqual([[], 0])
  })
})

test('only a record that AWS refused is looked at for tags, and one without any stays as it is', async () => {
  const { log, lines } = createRecordedLog()
  const bench = await createBench(script(accepted, misconfigured), { log })
  const reseal = vi.spyOn(bench.ledger, 'resealRecord')
  await sealHour(bench, 'requests')
  bench.sender.wake()
  await work()
  expect(reseal).not.toHaveBeenCalled()
  await sealHour(bench, 'requests')
  bench.sender.wake()
  await work()
  expect(reseal).toHaveBeenCalledOnce()
  expect(lines.map(({ event }) => event)).toEqual(['record.failed'])
})

describe('a second flush', () => {
  test('tries nothing again that was refused since the first', async () => {
    const bench = await createBench(() => Promise.resolve(misconfigured))
    await sealHour(bench, 'requests')
    for (let times = 0; times < 2; times += 1) {
      await bench.sender.flush()
      expect(bench.sent).toHaveLength(1)
    }
  })
})

test('the steps of a call are told, and what broke in it is in the book', async () => {
  const bench = await createBench(() => {
    throw new TypeError('a defect')
  })
  await sealHour(bench, 'requests')
  const steps: string[] = []
  bench.events.on('stepReached', ({ step }) => void steps.push(step))
  bench.sender.wake()
  await work()
  expect(steps.filter((step) => step.startsWith('send'))).toEqual(['send-started', 'send-answered'])
  expect((await bench.ledger.usage()).pending).toMatchObject([
    {
      lastCode: 'UnexpectedError',
      lastMessage: 'a defect. This is a defect of the sidecar; report it.',
    },
  ])
  await bench.clock.advance(hourMs)
})
