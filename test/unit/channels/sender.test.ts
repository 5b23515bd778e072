import { describe, expect, test } from 'vitest'
import type {
  MeteringResult,
  MeteringFailure,
  MeterUsageRequest,
  MeterUsageValue,
} from '../../../src/aws/metering-api.ts'
import { hourMs } from '../../../src/metering/types.ts'
import { createSilentLog } from '../../../src/kernel/log.ts'
import { Sender, type SenderOptions } from '../../../src/channels/sender.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { settle } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

const accepted: MeteringResult<MeterUsageValue> = { ok: true, value: { meteringRecordId: 'm-1' } }
const failure = (more: Partial<MeteringFailure>): MeteringResult<MeterUsageValue> => ({
  ok: false,
  failure: { code: 'X', message: 'm', kind: 'throttled', ambiguous: false, advice: '', ...more },
})
const throttled = failure({ code: 'ThrottlingException' })
const lost = failure({ code: 'TimeoutError', kind: 'unavailable', ambiguous: true })
const misconfigured = failure({ code: 'InvalidProductCodeException', kind: 'misconfigured' })

type Reply = (request: MeterUsageRequest) => Promise<MeteringResult<MeterUsageValue>>

async function createBench(reply: Reply, more: Partial<SenderOptions> = {}) {
  const bench = await openBench()
  const sent: MeterUsageRequest[] = []
  const answers: (string | undefined)[] = []
  const sender = new Sender({
    ledger: bench.ledger,
    api: {
      meterUsage: (request) => {
        sent.push(request)
        return reply(request)
      },
      registerUsage: () => Promise.reject(new Error('not here')),
      dryRun: () => Promise.reject(new Error('not here')),
      forward: () => Promise.reject(new Error('not here')),
      close: () => {},
    },
    clock: bench.clock,
    events: bench.events,
    log: createSilentLog(),
    random: () => 1,
    lateUsage: 'carry',
    notBefore: () => 0,
    onAnswer: (told) => answers.push(told?.code),
    ...more,
  })
  return { ...bench, sender, sent, answers }
}

/** Seals an hour with usage of these dimensions, and lets the next one begin. */
async function sealHour(bench: LedgerBench, ...dimensions: string[]) {
  for (const dimension of dimensions) await bench.report(dimension, unit)
  await bench.clock.advance(hourMs)
  return sealHours(bench.ledger, bench.clock)
}

/** Group commits take turns of the event loop of their own. */
const work = () => settle(60)
const script = (...answers: MeteringResult<MeterUsageValue>[]): Reply => {
  const rest = [...answers]
  return () => Promise.resolve(rest.shift() ?? accepted)
}

describe('sending', () => {
  test('is committed as sending before the attempt and settled after it', async () => {
    const states: unknown[] = []
    const bench = await createBench(() => {
      states.push(bench.ledger.pendingRecords()[0]?.state)
      return Promise.resolve(accepted)
    })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(states).toEqual(['sending'])
    expect(bench.ledger.usage().settled).toMatchObject([
      { state: 'accepted', meteringRecordId: 'm-1', attempts: 1 },
    ])
    expect(bench.answers).toEqual([undefined])
  })

  test('waits for its time', async () => {
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
    expect(new Set(bench.sent.map((request) => JSON.stringify(request))).size).toBe(1)
    expect(bench.ledger.usage().settled).toMatchObject([{ state: 'accepted', attempts: 4 }])
  })

  test('pauses longer with every failure, five minutes at most, without end', async () => {
    const bench = await createBench(() => Promise.resolve(throttled))
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    const pauses: number[] = []
    for (let attempt = 1; attempt < 12; attempt += 1) {
      const before = bench.sent.length
      const from = bench.clock.now()
      while (bench.sent.length === before) {
        await bench.clock.advance((bench.clock.nextAt ?? 0) - bench.clock.now())
        await work()
      }
      pauses.push((bench.clock.now() - from) / 1000)
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  })

  test('keeps the hours of a key in their order', async () => {
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

  test('takes four keys at a time', async () => {
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
    expect(bench.ledger.usage()).toMatchObject({
      pending: [{ state: 'refused', lastCode: 'InvalidProductCodeException' }],
      settled: [{ state: 'accepted' }],
    })
    await bench.clock.advance(59_000)
    await work()
    expect(bench.sent).toHaveLength(2)
    await bench.clock.advance(1000)
    await work()
    expect(bench.ledger.pendingRecords()).toEqual([])
    expect(bench.answers).toEqual(['InvalidProductCodeException', undefined, undefined])
  })

  test('moves the usage of an hour that somebody else has closed', async () => {
    const bench = await createBench(
      script(failure({ kind: 'duplicate', code: 'DuplicateRequestException' })),
    )
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    expect(bench.ledger.usage()).toMatchObject({
      pending: [],
      open: [{ quantity: unit }],
      settled: [{ state: 'moved', lastCode: 'DuplicateRequestException' }],
    })
  })

  test('holds what came too late when told to, and leaves it to the operator', async () => {
    const tooLate = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })
    const bench = await createBench(() => Promise.resolve(tooLate), { lateUsage: 'hold' })
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    await bench.clock.advance(24 * hourMs)
    await work()
    expect(bench.sent).toHaveLength(1)
    expect(bench.ledger.pendingRecords()).toMatchObject([{ state: 'refused' }])
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
    expect(bench.ledger.pendingRecords()).toMatchObject([{ state: 'refused' }])
  })

  test('goes on with what fails in passing until it is stopped', async () => {
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
    expect(bench.ledger.pendingRecords()).toMatchObject([{ state: 'sealed' }])
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
    while ((bench.clock.nextAt ?? end) < end) {
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
    expect(bench.sent.length).toBeGreaterThan(70)
    const told = lines.map(({ event, fields }) =>
      [event, fields['record'], fields['code']].join(' '),
    )
    const kinds = [1, 2].flatMap((id) =>
      ['ThrottlingException', 'TimeoutError'].map((code) => `record.failed ${id} ${code}`),
    )
    expect(told.toSorted()).toEqual(kinds.flatMap((kind) => [kind, kind, kind]))
  })

  test('begins anew with the next record', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(throttled, throttled, accepted, throttled), { log })
    await sealHour(bench, 'requests')
    await sealHour(bench, 'requests')
    bench.sender.wake()
    await work()
    await pass(bench, 10_000)
    expect(bench.ledger.pendingRecords()).toEqual([])
    expect(lines.map(({ fields }) => fields['record'])).toEqual([1, 2])
  })

  test('has a full disk at once, and then once an hour', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await createBench(script(), { log })
    await sealHour(bench, 'requests')
    const full = new Error('the disk is full')
    Object.assign(bench.ledger, { markSending: () => Promise.reject(full) })
    bench.sender.wake()
    await work()
    await pass(bench, 2 * hourMs)
    expect(lines.map(({ event }) => event)).toEqual(['record.not-stored', 'record.not-stored'])
  })
})
