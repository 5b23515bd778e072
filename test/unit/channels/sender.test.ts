import { describe, expect, test, vi } from 'vitest'
import type { MeteringResult, MeterUsageValue } from '../../../src/aws/metering-api.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import {
  accepted,
  createSenderBench as createBench,
  failure,
  lost,
  misconfigured,
  script,
  sealHour,
  throttled,
  work,
} from '../../support/ledger/sender-bench.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { jsonOf } from '../../support/json-of.ts'

describe('sending', () => {
  test('is committed as sending before the attempt and settled after it', async () => {
    const states: unknown[] = []
    const bench = await createBench(async () => {
      states.push((await bench.ledger.pendingRecords())[0]?.state)
      return accepted
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(states).toEqual(['sending'])
    expect((await bench.ledger.usage()).settled).toMatchObject([
      { state: 'accepted', meteringRecordId: 'm-1', attempts: 1 },
    ])
    expect(bench.answers).toEqual([undefined])
  })

  test('does not begin before its time', async () => {
    const bench = await createBench(script(), { notBefore: (hour) => hour + 1.5 * hourMs })
    await sealHour(bench, 'requests')
    const due = Date.parse('2026-03-10T10:30:00Z')
    bench.sender.wake()
    await bench.clock.advance(due - bench.clock.now() - 1)
    await work()
    expect(bench.sent).toEqual([])
    await bench.clock.advance(1)
    await work()
    expect(bench.sent).toHaveLength(1)
  })

  test('repeats a throttled record with the same content and token', async () => {
    const bench = await createBench(script(throttled, lost, throttled))
    await sealHour(bench, 'requests')
    bench.sender.wake()
    for (const pause of [0, 1000, 2000, 4000]) {
      await bench.clock.advance(pause)
      await work()
    }
    expect(bench.sent).toHaveLength(4)
    expect(new Set(bench.sent.map((request) => jsonOf(request))).size).toBe(1)
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted', attempts: 4 }])
  })

  test('pauses longer with every failure, five minutes at most, without end', async () => {
    const down = failure({ code: 'ECONNREFUSED', kind: 'unavailable' })
    const bench = await createBench(() => Promise.resolve(down))
    await sealHour(bench, 'requests')
    expect(await pausesOf(bench, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  })

  test('spreads what AWS throttled over twice as long each time, 55 minutes at most', async () => {
    const bench = await createBench(() => Promise.resolve(throttled), { submitSpreadMs: 300_000 })
    await sealHour(bench, 'requests')
    expect(await pausesOf(bench, 6)).toEqual([600, 1200, 2400, 3300, 3300, 3300])
  })

  test('pauses every slot of the task when AWS throttles one', async () => {
    const bench = await createBench(script(throttled), { submitSpreadMs: 300_000 })
    await sealHour(bench, 'a', 'b', 'c', 'd', 'e')
    bench.sender.wake()
    await work()
    // Four at a time: the fifth waits with the one that was throttled.
    expect(bench.sent).toHaveLength(4)
    await bench.clock.advance(599_000)
    await work()
    expect(bench.sent).toHaveLength(4)
    await bench.clock.advance(1000)
    await work()
    expect(bench.sent).toHaveLength(6)
  })

  test('does not double for each of the calls that AWS throttles at once', async () => {
    const bench = await createBench(() => Promise.resolve(throttled), { submitSpreadMs: 300_000 })
    await sealHour(bench, 'a', 'b', 'c')
    expect(await pausesOf(bench, 2)).toEqual([600, 1200])
  })

  /** Returns how long the sender waits before each of the next attempts, s. */
  async function pausesOf(bench: Awaited<ReturnType<typeof createBench>>, count: number) {
    bench.sender.wake()
    await work()
    const pauses: number[] = []
    while (pauses.length < count) {
      const before = bench.sent.length
      const from = bench.clock.now()
      for (let turn = 0; turn < 100 && bench.sent.length === before; turn += 1) {
        await bench.clock.advance((bench.clock.nextAt ?? 0) - bench.clock.now())
        await work()
      }
      pauses.push((bench.clock.now() - from) / 1000)
    }
    return pauses
  }

  test('keeps the hours of a slot in their order', async () => {
    const bench = await createBench(script(throttled))
    await sealHour(bench, 'requests')
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    await bench.clock.advance(1000)
    await work()
    const hours = bench.sent.map(({ timestamp }) => timestamp)
    expect(hours).toEqual([hours[0], hours[0], (hours[0] ?? 0) + hourMs])
  })

  test('sends four slots at a time', async () => {
    let open = 0
    let most = 0
    const release = Promise.withResolvers<void>()
    const bench = await createBench(async () => {
      open += 1
      most = Math.max(most, open)
      await release.promise
      open -= 1
      return accepted
    })
    await sealHour(bench, 'a', 'b', 'c', 'd', 'e', 'f')
    bench.sender.wake()
    await work()
    expect([open, most]).toEqual([4, 4])
    release.resolve()
    await work()
    await work()
    expect([bench.sent.length, most]).toEqual([6, 4])
  })

  test('lets later hours pass a refused record, and tries that one again slowly', async () => {
    const bench = await createBench(script(misconfigured))
    await sealHour(bench, 'requests')
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(await bench.ledger.usage()).toMatchObject({
      pending: [{ state: 'refused', lastCode: 'InvalidProductCodeException' }],
      settled: [{ state: 'accepted' }],
    })
    await bench.clock.advance(59_000)
    await work()
    expect(bench.sent).toHaveLength(2)
    await bench.clock.advance(1000)
    await work()
    expect(await bench.ledger.pendingRecords()).toEqual([])
    expect(bench.answers).toEqual(['InvalidProductCodeException', undefined, undefined])
  })

  test('moves the usage of an hour that another record has closed', async () => {
    const bench = await createBench(
      script(failure({ kind: 'duplicate', code: 'DuplicateRequestException' })),
    )
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(await bench.ledger.usage()).toMatchObject({
      pending: [],
      open: [{ quantity: unit }],
      settled: [{ state: 'moved', lastCode: 'DuplicateRequestException' }],
    })
  })

  test('holds the usage of what came too late where that is the setting, and leaves it to the operator', async () => {
    const tooLate = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })
    const bench = await createBench(() => Promise.resolve(tooLate), { lateUsage: 'hold' })
    await sealHour(bench, 'requests')
    await bench.clock.advance(6 * hourMs)
    bench.sender.wake()
    await work()
    await bench.clock.advance(24 * hourMs)
    await work()
    expect(bench.sent).toHaveLength(1)
    expect(await bench.ledger.pendingRecords()).toEqual([])
    expect(await bench.ledger.usage()).toMatchObject({
      open: [],
      held: [{ reason: 'late', quantity: unit }],
      settled: [{ state: 'moved', lastCode: 'TimestampOutOfBoundsException' }],
    })
  })
})

describe('a read of the book', () => {
  /** Makes the reads of a bench wait until each is let go, with what was true when it began. */
  function holdReads({ ledger }: LedgerBench): (() => void)[] {
    const held: (() => void)[] = []
    const read = ledger.pendingRecords.bind(ledger)
    const lateRead = async () => {
      const pending = await read()
      await new Promise<void>((resolve) => held.push(resolve))
      return pending
    }
    Object.assign(ledger, { pendingRecords: lateRead })
    return held
  }

  test('is made by one pump at a time, and once more for all that asked meanwhile', async () => {
    const bench = await createBench(script())
    const held = holdReads(bench)
    for (let wake = 0; wake < 5; wake += 1) bench.sender.wake()
    await work()
    expect(held).toHaveLength(1)
    held[0]?.()
    await work()
    expect(held).toHaveLength(2)
    held[1]?.()
    await work()
    expect(held).toHaveLength(2)
  })

  test('starts no second attempt of a record that was sent during it', async () => {
    const release = Promise.withResolvers<MeteringResult<MeterUsageValue>>()
    const bench = await createBench(() => release.promise)
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    const held = holdReads(bench)
    bench.sender.wake()
    await work()
    release.resolve(throttled)
    await work()
    held[0]?.()
    await work()
    expect(bench.sent).toHaveLength(1)
  })

  test('starts no attempt of a record that was settled after it', async () => {
    const bench = await createBench(script())
    await sealHour(bench, 'requests')
    const held = holdReads(bench)
    bench.sender.wake()
    await work()
    await markSending(bench.ledger, 1)
    await settle(bench.ledger, 1, { kind: 'hour-taken', code: 'Moved', message: '' })
    held[0]?.()
    await work()
    expect(bench.sent).toEqual([])
  })

  test('that began before the flush does not end it', async () => {
    const bench = await createBench(script())
    const held = holdReads(bench)
    bench.sender.wake()
    await work()
    await sealHour(bench, 'requests')
    let sentAtEnd: number | undefined
    void bench.sender.flush().then(() => (sentAtEnd = bench.sent.length))
    for (let read = 0; read < 5; read += 1) {
      held[read]?.()
      await work()
    }
    expect(sentAtEnd).toBe(1)
  })

  test('that fails is logged once and tried again', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(), { log })
    await sealHour(bench, 'requests')
    const read = bench.ledger.pendingRecords.bind(bench.ledger)
    let reads = 0
    const failing = () => {
      reads += 1
      return Promise.reject(new Error('the disk is gone'))
    }
    Object.assign(bench.ledger, { pendingRecords: failing })
    bench.sender.wake()
    for (let minute = 0; minute < 30; minute += 1) {
      await bench.clock.advance(60_000)
      await work()
    }
    expect(reads).toBeGreaterThan(20)
    expect(lines.map(({ event }) => event)).toEqual(['records.not-read'])
    expect(bench.sent).toEqual([])
    Object.assign(bench.ledger, { pendingRecords: read })
    await bench.clock.advance(60_000)
    await work()
    expect(bench.sent).toHaveLength(1)
  })
})

describe('an attempt', () => {
  test('that broke may have arrived, and is repeated as it was', async () => {
    let calls = 0
    const bench = await createBench(() => {
      calls += 1
      if (calls === 1) throw new TypeError('a defect')
      return Promise.resolve(accepted)
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect((await bench.ledger.usage()).pending).toMatchObject([
      { state: 'sending', ambiguous: true, lastCode: 'UnexpectedError' },
    ])
    await bench.clock.advance(1000)
    await work()
    expect((await bench.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
    expect(new Set(bench.sent.map((request) => jsonOf(request))).size).toBe(1)
  })

  test('whose answer could not be stored is not made again: the answer is stored later', async () => {
    const bench = await createBench(script(lost, accepted))
    await sealHour(bench, 'requests')
    const { ledger } = bench
    const store = ledger.settleAll.bind(ledger)
    Object.assign(ledger, { settleAll: () => Promise.reject(new Error('the disk is full')) })
    bench.sender.wake()
    await work()
    await bench.clock.advance(hourMs)
    await work()
    expect(bench.sent).toHaveLength(1)
    expect(bench.answers).toEqual([])
    Object.assign(ledger, { settleAll: store })
    for (let pause = 0; pause < 2; pause += 1) {
      await bench.clock.advance(5 * 60_000)
      await work()
    }
    expect(bench.answers).toEqual(['TimeoutError', undefined])
    expect(bench.sent).toHaveLength(2)
    expect((await ledger.usage()).settled).toMatchObject([{ state: 'accepted', attempts: 2 }])
  })

  test('that moved usage on says to which hour', async () => {
    const arrived: number[] = []
    const taken = failure({ kind: 'duplicate', code: 'DuplicateRequestException' })
    const usageArrived = (hour: number) => void arrived.push(hour)
    const bench = await createBench(script(taken), { usageArrived })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(arrived).toEqual([Date.parse('2026-03-10T10:00:00Z')])
  })
})

describe('the flush at the end', () => {
  test('sends at once what would have waited, refused records too', async () => {
    const bench = await createBench(script(misconfigured), {
      notBefore: (hour) => hour + 9 * hourMs,
    })
    await sealHour(bench, 'requests', 'storage')
    let flushed = false
    const flush = bench.sender.flush().then(() => (flushed = true))
    await work()
    await flush
    expect(flushed).toBe(true)
    expect(bench.sent).toHaveLength(2)
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'refused' }])
  })

  test('goes on with transient failures until it is stopped', async () => {
    const bench = await createBench(() => Promise.resolve(throttled))
    await sealHour(bench, 'requests')
    let flushed = false
    const flush = bench.sender.flush().then(() => (flushed = true))
    await work()
    await bench.clock.advance(5000)
    await work()
    expect(flushed).toBe(false)
    expect(bench.sent.length).toBeGreaterThan(1)
    bench.sender.stop()
    await flush
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ state: 'sealed' }])
  })

  test('has nothing to wait for when nothing is pending', async () => {
    const bench = await createBench(script())
    await expect(bench.sender.flush()).resolves.toBeUndefined()
  })
})

describe('the log of an outage', () => {
  /** Lets time pass, with every attempt that is due. */
  async function pass(bench: LedgerBench, ms: number): Promise<void> {
    const end = bench.clock.now() + ms
    for (let turn = 0; turn < 2000 && (bench.clock.nextAt ?? end) < end; turn += 1) {
      await bench.clock.advance((bench.clock.nextAt ?? end) - bench.clock.now())
      await work()
    }
    await bench.clock.advance(end - bench.clock.now())
  }

  test('has each record and kind of failure at once, and then once an hour', async () => {
    const { log, lines } = createRecordedLog()
    const attempts = new Map<string, number>()
    const bench = await createBench(
      ({ dimension }) => {
        const before = attempts.get(dimension) ?? 0
        attempts.set(dimension, before + 1)
        return Promise.resolve(before % 2 === 0 ? throttled : lost)
      },
      { log },
    )
    await sealHour(bench, 'requests', 'storage')
    bench.sender.wake()
    await work()
    await pass(bench, 3 * hourMs)
    expect(bench.sent.length).toBeGreaterThan(40)
    const logged = lines.map(({ event, fields }) =>
      [event, fields['record'], fields['code']].join(' '),
    )
    const kinds = [1, 2].flatMap((id) =>
      ['ThrottlingException', 'TimeoutError'].map((code) => `record.failed ${id} ${code}`),
    )
    expect(logged.toSorted()).toEqual(kinds.flatMap((kind) => [kind, kind, kind]))
  })

  test('begins again with the next record', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(throttled, throttled, accepted, throttled), { log })
    await sealHour(bench, 'requests')
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    await pass(bench, 10_000)
    expect(await bench.ledger.pendingRecords()).toEqual([])
    expect(lines.map(({ fields }) => fields['record'])).toEqual([1, 2])
  })

  test('has a full disk at once, and then once an hour', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(), { log })
    await sealHour(bench, 'requests')
    const full = new Error('the disk is full')
    Object.assign(bench.ledger, { markAll: () => Promise.reject(full) })
    bench.sender.wake()
    await work()
    await pass(bench, 2 * hourMs)
    expect(lines.map(({ event }) => event)).toEqual(['record.not-stored', 'record.not-stored'])
  })
})

describe('tags that AWS refuses', () => {
  const refusedTags = failure({ code: 'InvalidTagException', kind: 'misconfigured' })

  async function sendTagged(...answers: Parameters<typeof script>) {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(...answers), { log })
    await bench.report('requests', 3n * unit, {
      tags: canonicalTags([{ key: 'team', value: 'a' }]),
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    return { bench, lines }
  }

  test('are left out, and the record is billed in whole under another token', async () => {
    const { bench, lines } = await sendTagged(refusedTags)
    await bench.clock.advance(1000)
    await work()
    const [first, second] = bench.sent
    expect(first?.allocations).toHaveLength(2)
    expect(second).toEqual({ ...first, allocations: undefined, clientToken: second?.clientToken })
    expect(second?.clientToken).not.toBe(first?.clientToken)
    expect((await bench.ledger.usage()).settled).toMatchObject([
      { state: 'accepted', quantity: 4_000_000n },
    ])
    expect(lines.map(({ event }) => event)).toEqual(['record.failed', 'record.untagged'])
  })

  test('are left out at the next attempt when storing that failed', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(refusedTags, refusedTags), { log })
    const locked = new SidecarError('LedgerBusy', 'locked')
    const reseal = vi.spyOn(bench.ledger, 'resealRecord').mockRejectedValueOnce(locked)
    await bench.report('requests', 3n * unit, {
      tags: canonicalTags([{ key: 'team', value: 'a' }]),
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(reseal).toHaveBeenCalledOnce()
    expect((await bench.ledger.usage()).pending).toMatchObject([{ state: 'refused' }])
    for (let minutes = 0; minutes < 120; minutes += 5) {
      await bench.clock.advance(300_000)
      await work()
    }
    const [first, second, third, ...more] = bench.sent
    expect(second).toEqual(first)
    expect(third).toMatchObject({ quantity: 4_000_000n, allocations: undefined })
    expect(more).toEqual([])
    expect((await bench.ledger.usage()).settled).toMatchObject([
      { state: 'accepted', quantity: 4_000_000n },
    ])
    expect(lines.map(({ event }) => event)).toContain('record.not-stored')
  })

  test('stay while AWS may have the record', async () => {
    const { bench, lines } = await sendTagged(lost, refusedTags)
    await bench.clock.advance(1000)
    await work()
    expect(bench.sent).toHaveLength(2)
    expect(bench.sent[1]).toEqual(bench.sent[0])
    expect(lines.map(({ event }) => event)).not.toContain('record.untagged')
  })
})
