import { describe, expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import {
  resolveDelivered,
  resolveResend,
  retryRefused,
} from '../../../src/ledger/decisions/operator-actions.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import type { Aggregate } from '../../../src/metering/account.ts'
import type { QuantityForm } from '../../../src/metering/amount.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { MeteringRecord, Settlement } from '../../../src/metering/record/record.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { Store } from '../../../src/store/store.ts'
import { reportOf } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { accountFor, addedTo, nine, tagged, unit, write } from './changes-for-tests.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { refusal } from '../../support/refusal.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const why = { code: 'Because', message: 'AWS said so.' }
const accepted: Settlement = { kind: 'accepted', meteringRecordId: 'm-1' }

/** Dimensions that are no sums. */
const aggregates: ReadonlyMap<string, Aggregate> = new Map([
  ['seats', 'integral'],
  ['level', 'last'],
])

interface Place {
  open(resource: string): Promise<Store>
  kill(): void
}

/** Checks that the rules of the book hold over the store. */
export function describeLedger(name: string, place: () => Promise<Place>): void {
  /** A ledger that several processes open one after the other. */
  async function setUp() {
    const where = await place()
    const clock = new ManualClock()
    let divisor = 1n
    let store = await where.open('pod:one')
    const openAs = (resource: string) =>
      Ledger.open({
        store,
        resource,
        clock,
        events: new Events(),
        log: createSilentLog(),
        meaningOf: (dimension) => ({
          productCode: 'product',
          divisor,
          aggregate: aggregates.get(dimension),
        }),
        maxPerHour: () => undefined,
        lateUsage: 'carry',
        maxTagSets: 3,
        readings: { maxReadings: 2, newSecret: () => 'secret' },
        onFatal: () => {},
      })
    let ledger = await openAs('pod:one')
    return {
      clock,
      get ledger() {
        return ledger
      },
      get store() {
        return store
      },
      countIn(units: bigint) {
        divisor = units
      },
      report: (dimension: string, quantity: bigint, more = {}) =>
        ledger.report({
          reports: [reportOf(dimension, quantity, more)],
          idempotencyKey: undefined,
        }),
      seal: (form: QuantityForm = 'whole') => sealHours(ledger, clock, { formOf: () => form }),
      /** One attempt for a record. */
      async send(id: number, settlement: Settlement): Promise<MeteringRecord> {
        await markSending(ledger, id)
        return settle(ledger, id, settlement)
      },
      operate: (action: (page: Page) => MeteringRecord) =>
        operate(
          async (decide) => {
            await store.transact(decide)
            await store.flush()
          },
          3,
          action,
        ),
      async closeAndOpen(resource = 'pod:one') {
        await ledger.close()
        store = await where.open(resource)
        ledger = await openAs(resource)
      },
      async killAndOpen(resource = 'pod:one') {
        where.kill()
        store = await where.open(resource)
        ledger = await openAs(resource)
      },
      async expectBalance() {
        expect(imbalancesOf(await ledger.audit())).toEqual([])
      },
    }
  }

  describe(`${name}: the rules of the book`, () => {
    test('a report is counted once, in its hour, however often it comes', async () => {
      const book = await setUp()
      const keyed = { idempotencyKey: 'k', tags: tagged('a') }
      const receipts = await Promise.all(
        [1, 2, 3].map(() => book.report('requests', 2n * unit, keyed)),
      )
      expect(receipts.flat().map(({ result }) => result)).toEqual([
        'accepted',
        'duplicate',
        'duplicate',
      ])
      await book.killAndOpen()
      expect(await book.report('requests', 2n * unit, keyed)).toEqual([
        { result: 'duplicate', hour: nine, late: false },
      ])
      await expect(book.report('requests', 3n * unit, keyed)).rejects.toMatchObject(
        refusal('IdempotencyKeyReused'),
      )
      expect((await book.ledger.usage()).open).toEqual([
        { dimension: 'requests', hour: nine, quantity: 2n * unit },
      ])
      await book.expectBalance()
    })

    test('tag sets above the limit go to the untagged bucket', async () => {
      const book = await setUp()
      for (const team of ['a', 'b', 'c', 'd', 'e', 'a'])
        await book.report('requests', unit, { tags: tagged(team) })
      const { openByTags } = await book.store.overview(nine)
      expect(openByTags.map(({ tags, quantity }) => [tags, quantity])).toEqual([
        [untagged, 2n * unit],
        [tagged('a'), 2n * unit],
        [tagged('b'), unit],
        [tagged('c'), unit],
      ])
      await book.expectBalance()
    })

    test('an hour is sealed once, its fraction stays, and late usage goes to the next', async () => {
      const book = await setUp()
      await book.report('requests', 2_700_000n)
      await book.clock.advance(hourMs)
      const [record] = await book.seal()
      expect(record).toMatchObject({ hour: nine, quantity: 2n * unit, state: 'sealed' })
      expect(await book.store.record(record?.id ?? 0)).toEqual(record)
      expect(await book.seal()).toEqual([])
      expect(await book.report('requests', unit, { occurredAt: nine + 1 })).toEqual([
        { result: 'accepted', hour: nine + hourMs, late: true },
      ])
      const { fractions, late } = await book.ledger.usage()
      expect(fractions).toEqual([
        {
          productCode: 'product',
          dimension: 'requests',
          divisor: 1n,
          quantity: 700_000n,
          retired: false,
        },
      ])
      expect(late).toEqual([{ dimension: 'requests', hour: nine + hourMs, quantity: unit }])
      await book.clock.advance(hourMs)
      expect(await book.seal()).toMatchObject([{ hour: nine + hourMs, quantity: 1n * unit }])
      await book.expectBalance()
    })

    test('usage that came to an hour after its record goes to the next one', async () => {
      const book = await setUp()
      await book.report('requests', 2n * unit)
      await book.clock.advance(hourMs)
      const [record] = await book.seal()
      const account = accountFor('requests')
      // Another process decided before the seal, and committed after it.
      await write(book.store, {
        accounts: [{ account, reported: 3n * unit, fraction: undefined }],
        added: [addedTo(account, nine, { [tagged('a')]: 3n * unit })],
      })
      expect(await book.seal()).toEqual([])
      expect((await book.ledger.usage()).open).toEqual([
        { dimension: 'requests', hour: nine + hourMs, quantity: 3n * unit },
      ])
      await book.clock.advance(hourMs)
      expect(await book.seal()).toMatchObject([{ hour: nine + hourMs, quantity: 3n * unit }])
      expect(await book.store.record(record?.id ?? 0)).toMatchObject({ quantity: 2n * unit })
      await book.expectBalance()
    })

    test('a divisor that changes in an hour makes two parts of one record', async () => {
      const book = await setUp()
      await book.report('bytes', 5n * unit, { tags: tagged('a') })
      book.countIn(1000n)
      await book.report('bytes', 7_500n * unit)
      await book.clock.advance(hourMs)
      const [record] = await book.seal()
      expect(record).toMatchObject({ quantity: 12n * unit })
      const stored = await book.store.record(record?.id ?? 0)
      expect(stored?.parts.map(({ account, quantity }) => [account.divisor, quantity])).toEqual([
        [1n, 5n * unit],
        [1000n, 7n * unit],
      ])
      await book.send(record?.id ?? 0, { kind: 'hour-taken', ...why })
      const { openByTags } = await book.store.overview(nine)
      expect(openByTags.map(({ tags, quantity }) => [tags, quantity])).toEqual([
        [untagged, 7000n * unit],
        [tagged('a'), 5n * unit],
      ])
      await book.expectBalance()
    })

    test('decimals are sent, moved, repeated after a kill and forgotten without a rest', async () => {
      const book = await setUp()
      book.countIn(1000n)
      await book.report('bytes', 2_500n * unit + 1n, { tags: tagged('a') })
      await book.clock.advance(hourMs)
      const [first] = await book.seal('decimal')
      expect(first).toMatchObject({ quantity: 2_500_000n, form: 'decimal' })
      await book.send(first?.id ?? 0, { kind: 'hour-taken', ...why })
      book.countIn(1n)
      await book.report('bytes', 250_000n)
      await book.clock.advance(hourMs)
      const [second] = await book.seal('decimal')
      expect(second).toMatchObject({ quantity: 2_750_000n, form: 'decimal' })
      await book.killAndOpen()
      const id = second?.id ?? 0
      expect(await book.store.record(id)).toMatchObject({
        form: 'decimal',
        clientToken: second?.clientToken,
        parts: [{ quantity: 2_500_000n }, { quantity: 250_000n }],
      })
      await book.send(id, accepted)
      await book.expectBalance()
      await book.clock.advance(60 * 24 * hourMs)
      await book.ledger.prune()
      expect(await book.store.record(id)).toBeUndefined()
      const sums = await book.store.accountSums()
      expect(sums.map(({ recorded, fraction }) => [recorded, fraction])).toEqual([
        [2_500n * unit, 1n],
        [250_000n, 0n],
      ])
      await book.expectBalance()
    })

    test.each<[string, Settlement, Partial<MeteringRecord>]>([
      ['accepted', accepted, { state: 'accepted', meteringRecordId: 'm-1' }],
      ['not taken', { kind: 'not-taken', ...why }, { state: 'sealed', lastCode: 'Because' }],
      ['unknown', { kind: 'unknown', ...why }, { state: 'sending', ambiguous: true }],
      ['refused', { kind: 'refused', ...why }, { state: 'refused', lastMessage: why.message }],
      ['hour taken', { kind: 'hour-taken', ...why }, { state: 'moved', movedTo: nine + hourMs }],
      [
        'too late and carried',
        { kind: 'too-late', policy: 'carry', ...why },
        { state: 'moved', movedTo: nine + hourMs },
      ],
      [
        'too late and held',
        { kind: 'too-late', policy: 'hold', ...why },
        { state: 'moved', movedTo: undefined },
      ],
    ])('an answer is kept: %s', async (_, settlement, expected) => {
      const book = await setUp()
      await book.report('requests', 3n * unit, { tags: tagged('a') })
      await book.clock.advance(hourMs)
      const [record] = await book.seal()
      const id = record?.id ?? 0
      expect(await markSending(book.ledger, id)).toMatchObject({ inFlight: true, attempts: 1 })
      expect(await book.store.record(id)).toMatchObject({ state: 'sending', inFlight: true })
      expect(await settle(book.ledger, id, settlement)).toMatchObject(expected)
      await book.killAndOpen()
      expect(await book.store.record(id)).toMatchObject({ ...expected, inFlight: false })
      await book.expectBalance()
    })

    test('an attempt that a death cut off may have arrived', async () => {
      const book = await setUp()
      await book.report('requests', 3n * unit)
      await book.clock.advance(hourMs)
      const [record] = await book.seal()
      const id = record?.id ?? 0
      await markSending(book.ledger, id)
      await book.killAndOpen()
      expect(await book.store.record(id)).toMatchObject({ state: 'sending', ambiguous: true })
      expect(await book.send(id, { kind: 'hour-taken', ...why })).toMatchObject({
        state: 'unresolved',
      })
      expect(await markSending(book.ledger, id)).toBeUndefined()
      await book.expectBalance()
    })

    test('another task or pod bills what AWS certainly has not taken, and nothing else', async () => {
      const book = await setUp()
      for (const dimension of ['sealed', 'tried', 'refused', 'accepted'])
        await book.report(dimension, 2n * unit, { tags: tagged('a') })
      await book.clock.advance(hourMs)
      const records = await book.seal()
      const id = (of: string) => records.find(({ dimension }) => dimension === of)?.id ?? 0
      await markSending(book.ledger, id('tried'))
      await book.send(id('refused'), { kind: 'refused', ...why })
      await book.send(id('accepted'), accepted)
      await book.report('open', unit)
      await book.clock.advance(2 * hourMs)
      await book.closeAndOpen('pod:two')
      expect(book.ledger.owner).toMatchObject({ identity: 'pod:two', adoptedFrom: 'pod:one' })
      const hour = nine + 3 * hourMs
      expect((await book.ledger.usage()).open).toEqual([
        { dimension: 'open', hour, quantity: unit },
        { dimension: 'refused', hour, quantity: 2n * unit },
        { dimension: 'sealed', hour, quantity: 2n * unit },
      ])
      expect(await book.store.record(id('tried'))).toMatchObject({ state: 'unresolved' })
      expect(await book.ledger.pendingRecords()).toEqual([])
      await book.clock.advance(hourMs)
      expect((await book.seal()).map(({ slot, hour: of }) => [slot.holder, of])).toEqual([
        ['pod:two', hour],
        ['pod:two', hour],
        ['pod:two', hour],
      ])
      await book.expectBalance()
    })

    test('an operator retries and resolves', async () => {
      const book = await setUp()
      for (const dimension of ['delivered', 'refused', 'resent'])
        await book.report(dimension, 2n * unit)
      await book.clock.advance(hourMs)
      const records = await book.seal()
      const id = (of: string) => records.find(({ dimension }) => dimension === of)?.id ?? 0
      await book.send(id('refused'), { kind: 'refused', ...why })
      for (const dimension of ['delivered', 'resent']) {
        await book.send(id(dimension), { kind: 'unknown', ...why })
        await book.send(id(dimension), { kind: 'hour-taken', ...why })
      }
      const now = book.clock.now()
      const retried = await book.operate((page) => retryRefused(page, id('refused')))
      expect(retried.state).toBe('sealed')
      await book.operate((page) => resolveDelivered(page, id('delivered'), now))
      await book.operate((page) => resolveResend(page, id('resent'), now, true))
      expect(await book.store.record(id('delivered'))).toMatchObject({ state: 'accepted' })
      expect(await book.store.record(id('resent'))).toMatchObject({ movedTo: nine + hourMs })
      expect((await book.ledger.usage()).open).toEqual([
        { dimension: 'resent', hour: nine + hourMs, quantity: 2n * unit },
      ])
      await expect(
        book.operate((page) => resolveResend(page, id('resent'), now, true)),
      ).rejects.toMatchObject(refusal('RecordStateMismatch'))
      await book.expectBalance()
    })

    test('pruning keeps the balance, and repeats of the last day', async () => {
      const book = await setUp()
      await book.report('requests', 3_500_000n, { idempotencyKey: 'old' })
      await book.clock.advance(hourMs)
      const [record] = await book.seal()
      await book.send(record?.id ?? 0, accepted)
      await book.clock.advance(46 * 24 * hourMs)
      await book.report('requests', unit, { idempotencyKey: 'new' })
      await book.ledger.prune()
      expect(await book.store.record(record?.id ?? 0)).toBeUndefined()
      expect(await book.report('requests', unit, { idempotencyKey: 'new' })).toMatchObject([
        { result: 'duplicate' },
      ])
      await book.expectBalance()
    })

    test('counters count once over a kill, and no more of them than the cap allows', async () => {
      const book = await setUp()
      const start = book.clock.now()
      const points = (value: bigint) =>
        ['a', 'b', 'c'].map((series) => ({
          dimension: 'requests',
          series,
          tags: untagged,
          value: value * unit,
          startedAt: start,
          start: String(start),
          at: book.clock.now(),
          firstValue: 'count' as const,
        }))
      const send = async (value: bigint) => {
        const follows = new Map([['requests', 'all']])
        const batch = { source: 'otlp', follows, points: points(value) }
        const counted = await book.ledger.countStreams(batch)
        return counted.map(({ outcome, rise }) => `${outcome} ${rise / unit}`)
      }
      await book.clock.advance(1000)
      expect(await send(5n)).toEqual(['counted 5', 'counted 5', 'skipped 0'])
      await book.killAndOpen()
      expect(await send(5n)).toEqual(['counted 0', 'counted 0', 'skipped 0'])
      await book.clock.advance(1000)
      expect(await send(7n)).toEqual(['counted 2', 'counted 2', 'skipped 0'])
      const { open } = await book.ledger.usage()
      expect(open).toMatchObject([{ dimension: 'requests', quantity: 14n * unit }])
      await book.expectBalance()
    })

    test('readings of an hour that changes hands there and back are billed once, and go on', async () => {
      const book = await setUp()
      const read = async (seats: bigint, level: bigint) => {
        const [first, second] = [
          await book.report('seats', seats * unit),
          await book.report('level', level * unit),
        ]
        expect([...first, ...second].every(({ counted }) => counted !== false)).toBe(true)
        await book.clock.advance(120_000)
      }
      await read(60n, 3n)
      await book.closeAndOpen('pod:two')
      await book.closeAndOpen('pod:one')
      await read(90n, 5n)
      await book.killAndOpen('pod:one')
      await read(0n, 4n)
      await book.clock.advance(hourMs)
      await book.seal()
      const sums = await book.ledger.audit()
      const reported = sums.map((each) => [each.dimension, each.reported])
      expect(Object.fromEntries(reported)).toEqual({ seats: 5n * unit, level: 4n * unit })
      await book.expectBalance()
    })

    test('what is remembered is there at the next start', async () => {
      const book = await setUp()
      await book.ledger.remember('public-key', '1')
      await book.ledger.remember('public-key', '2')
      await book.killAndOpen()
      expect(await book.ledger.recall('public-key')).toBe('2')
      expect(await book.ledger.recall('other')).toBeUndefined()
    })
  })
}
