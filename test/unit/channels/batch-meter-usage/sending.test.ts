import { describe, expect, test } from 'vitest'
import type {
  BatchMeterUsageRequest,
  BatchMeterUsageValue,
  BatchRecord,
  BatchRecordResult,
  MeteringFailure,
  MeteringResult,
} from '../../../../src/aws/metering-api.ts'
import { batchMeterUsage } from '../../../../src/channels/batch-meter-usage/batch-meter-usage.ts'
import { Sender } from '../../../../src/channels/sender.ts'
import { hourMs } from '../../../../src/metering/hour.ts'
import { openBench, unit } from '../../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../../support/ledger/seal-rules.ts'
import { settle } from '../../../support/manual-clock.ts'
import { apiOf } from '../../../support/aws/api-of.ts'
import { createSilentLog } from '../../../support/silent-log.ts'

type Reply = (
  request: BatchMeterUsageRequest,
) => MeteringResult<BatchMeterUsageValue> | 'drop-after-effect'

/** AWS in a few lines: the first quantity of a customer, dimension and hour stands. */
class ModelAws {
  readonly billed = new Map<string, bigint>()
  readonly calls: BatchMeterUsageRequest[] = []
  reply: Reply = (request) => this.take(request)

  take({ records }: BatchMeterUsageRequest): MeteringResult<BatchMeterUsageValue> {
    return { ok: true, value: { results: records.map((record) => this.one(record)) } }
  }

  one(record: BatchRecord): BatchRecordResult {
    const name = keyOf(record)
    const known = this.billed.get(name)
    if (known !== undefined && known !== record.quantity) return { status: 'DuplicateRecord' }
    this.billed.set(name, record.quantity)
    return { status: 'Success', meteringRecordId: `id-${name}` }
  }
}

const keyOf = ({ identifier, dimension, timestamp }: BatchRecord) =>
  `${identifier}|${dimension}|${Math.floor(timestamp / hourMs)}`

const failureOf = (more: Partial<MeteringFailure>): MeteringResult<never> => ({
  ok: false,
  failure: { code: 'X', message: 'm', kind: 'invalid', ambiguous: false, advice: '', ...more },
})

async function world(customers: number) {
  const bench = await openBench({
    resource: 'saas:product',
    customers: { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' },
  })
  const names = Array.from({ length: customers }, (_, index) => `c${index}`)
  for (const customer of names) {
    await bench.ledger.customers?.register({
      customer,
      names: { identifier: customer },
      reactivates: false,
    })
    await bench.report('requests', 3n * unit, { customer })
  }
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)
  const aws = new ModelAws()
  const transactions: number[] = []
  bench.events.on('stepReached', ({ step }) => {
    if (step === 'mark-written') transactions.push(0)
  })
  const sender = new Sender({
    ledger: bench.ledger,
    channel: batchMeterUsage,
    api: apiOf({
      batchMeterUsage: async (request) => {
        aws.calls.push(request)
        const answer = aws.reply(request)
        if (answer !== 'drop-after-effect') return answer
        aws.take(request)
        return failureOf({ code: 'TimeoutError', kind: 'unavailable', ambiguous: true })
      },
    }),
    clock: bench.clock,
    events: bench.events,
    log: createSilentLog(),
    random: () => 1,
    lateUsage: 'carry',
    submitSpreadMs: 0,
    notBefore: () => 0,
    onAnswer: () => {},
    usageArrived: () => {},
  })
  const states = async () => {
    const { pending, settled } = await bench.ledger.usage()
    const of = (state: string) =>
      [...pending, ...settled].filter((record) => record.state === state).length
    return {
      accepted: of('accepted'),
      refused: of('refused'),
      sending: of('sending'),
      sealed: of('sealed'),
      unresolved: of('unresolved'),
    }
  }
  const run = async (turns = 40) => {
    sender.wake()
    for (let turn = 0; turn < turns; turn += 1) await settle(20)
  }
  return { ...bench, aws, sender, states, run, transactions }
}

describe('the sender of batches', () => {
  test('sends 25 records a call, marked in one transaction, and bills each once', async () => {
    const { aws, run, states, transactions } = await world(30)
    await run()
    expect(aws.calls.map(({ records }) => records.length)).toEqual([25, 5])
    expect(transactions).toHaveLength(2)
    expect(await states()).toMatchObject({ accepted: 30 })
    expect(aws.billed.size).toBe(30)
  })

  test('reads the book once for a hundred calls, and not once for each', async () => {
    const { aws, run, states, ledger } = await world(500)
    let reads = 0
    const read = ledger.pendingRecords.bind(ledger)
    ledger.pendingRecords = (page) => {
      reads += 1
      return read(page)
    }
    await run(200)
    expect(aws.calls).toHaveLength(20)
    expect(await states()).toMatchObject({ accepted: 500 })
    expect(reads).toBeLessThan(5)
  })

  test('sends everything within minutes of an hour of throttling', async () => {
    const { aws, run, states, clock } = await world(30)
    aws.reply = () => failureOf({ code: 'ThrottlingException', kind: 'throttled' })
    await run()
    for (let minute = 0; minute < 45; minute += 1) {
      await clock.advance(60_000)
      await run(2)
    }
    expect(await states()).toMatchObject({ sealed: 30 })
    aws.reply = (request) => aws.take(request)
    await clock.advance(60_000)
    await run(20)
    expect(await states()).toMatchObject({ accepted: 30 })
  })

  test.each([0, 12, 24])(
    'finds record %i that fails its call, and bills its neighbours',
    async (bad) => {
      const { aws, run, states } = await world(25)
      aws.reply = (request) =>
        request.records.some(({ identifier }) => identifier === `c${bad}`)
          ? failureOf({ code: 'InvalidCustomerIdentifierException', kind: 'misconfigured' })
          : aws.take(request)
      await run()
      expect(await states()).toMatchObject({ accepted: 24, refused: 1 })
      const withBad = aws.calls.filter(({ records }) =>
        records.some(({ identifier }) => identifier === `c${bad}`),
      )
      expect(withBad.length).toBeLessThanOrEqual(6)
      expect(withBad.at(-1)?.records).toHaveLength(1)
    },
  )

  test('sends again what AWS has not processed', async () => {
    const { aws, run, states, clock } = await world(25)
    let calls = 0
    aws.reply = (request) => {
      calls += 1
      if (calls > 1) return aws.take(request)
      const results = request.records.map((record, index) =>
        index % 3 === 0 ? ({ status: 'Unprocessed' } as const) : aws.one(record),
      )
      return { ok: true, value: { results } }
    }
    await run()
    expect(await states()).toMatchObject({ accepted: 16, sealed: 9 })
    await clock.advance(2000)
    await run()
    expect(await states()).toMatchObject({ accepted: 25 })
    expect(aws.billed.size).toBe(25)
  })

  test('counts a lost answer as unknown for all, and bills each once', async () => {
    const { aws, run, states, clock, ledger } = await world(25)
    aws.reply = () => {
      aws.reply = (request) => aws.take(request)
      return 'drop-after-effect'
    }
    await run()
    const { pending } = await ledger.usage()
    expect(pending).toHaveLength(25)
    expect(pending.every(({ ambiguous, state }) => ambiguous && state === 'sending')).toBe(true)
    await clock.advance(2000)
    await run()
    expect(await states()).toMatchObject({ accepted: 25 })
    expect([...aws.billed.values()].reduce((sum, quantity) => sum + quantity, 0n)).toBe(75_000_000n)
  })

  test('leaves a record alone that stands at AWS with another quantity', async () => {
    const { aws, run, states, ledger } = await world(3)
    aws.reply = (request) => {
      const results = request.records.map((record, index) =>
        index === 1 ? ({ status: 'DuplicateRecord' } as const) : aws.one(record),
      )
      return { ok: true, value: { results } }
    }
    await run()
    expect(await states()).toMatchObject({ accepted: 2, unresolved: 1 })
    expect((await ledger.usage()).open).toEqual([])
  })

  test('keeps the record of a customer without a subscription, and tries it until that is there', async () => {
    const { aws, run, states, clock } = await world(2)
    const subscribed = new Set(['c0'])
    aws.reply = (request) => {
      const results = request.records.map((record) =>
        subscribed.has(record.identifier ?? '')
          ? aws.one(record)
          : ({ status: 'CustomerNotSubscribed' } as const),
      )
      return { ok: true, value: { results } }
    }
    await run()
    expect(await states()).toMatchObject({ accepted: 1, refused: 1 })
    subscribed.add('c1')
    await clock.advance(60_000)
    await run()
    expect(await states()).toMatchObject({ accepted: 2, refused: 0 })
  })

  test.each([1, 2])(
    'holds what %i customers used without a subscription when its window ends, whatever failed meanwhile',
    async (customers) => {
      const { aws, run, clock, ledger } = await world(customers)
      const notSubscribed = { status: 'CustomerNotSubscribed' } as const
      aws.reply = ({ records }) => ({
        ok: true,
        value: { results: records.map(() => notSubscribed) },
      })
      await run()
      aws.reply = () => failureOf({ code: 'ThrottlingException', kind: 'throttled' })
      await clock.advance(60_000)
      await run()
      aws.reply = () => failureOf({ code: 'TimestampOutOfBoundsException', kind: 'out-of-window' })
      await clock.advance(25 * hourMs)
      await run()
      const { held, open } = await ledger.usage()
      expect({ open, held }).toMatchObject({
        open: [],
        held: Array.from({ length: customers }, () => ({ reason: 'late', quantity: 3n * unit })),
      })
    },
  )
})
