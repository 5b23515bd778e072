import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { referenceOf } from '../../../src/store/reference.ts'
import type { Store } from '../../../src/store/store.ts'
import { fill, hourAt, noSums, now, older, requests, storage } from './book-for-tests.ts'
import {
  accountFor,
  addedTo,
  look,
  nine,
  partOf,
  pod,
  progressOf,
  recordOf,
  tagged,
  unit,
  write,
} from './changes-for-tests.ts'

/** What a fraction has besides its dimension and quantity. */
const meaning = { productCode: 'product', divisor: 1n, retired: false }

/** Checks the questions about a book. */
export function describeReader(name: string, owned: () => Promise<{ store: Store }>): void {
  async function filled(): Promise<Store> {
    const { store } = await owned()
    await fill(store)
    return store
  }

  describe(`${name}: the answers about a book`, () => {
    test('that is empty have nothing in them', async () => {
      const { store } = await owned()
      expect(await store.usage(now)).toEqual({
        now,
        open: [],
        readings: [],
        held: [],
        fractions: [],
        late: [],
        pending: [],
        pendingCount: 0,
        settled: [],
        unresolvedCount: 0,
        lastSuccessAt: undefined,
        lastFailure: undefined,
        oldestUnsentHour: undefined,
      })
      expect(await store.pendingRecords()).toEqual([])
      expect(await store.accountSums()).toEqual([])
      expect(await store.hasSealable({ before: now, endedBefore: 0 })).toBe(false)
      expect(await store.hasAbandoned()).toBe(false)
      expect(await store.record(1)).toBeUndefined()
      expect(await store.find('m-1', now)).toBeUndefined()
      expect(await store.note(pod, 'public-key')).toBeUndefined()
      const { states, cpuSeconds: _, ...gauges } = await store.gauges()
      expect([...states.values()].every((count) => count === 0)).toBe(true)
      expect(gauges).toEqual({
        pending: new Map(),
        held: new Map(),
        guardedHours: [],
        unsentHours: new Map(),
        oldestUnsentHour: undefined,
        oldestOpenHour: undefined,
        oldestUnregisteredHour: undefined,
      })
    })

    test('give open usage by hour and by tag set', async () => {
      const store = await filled()
      const { open } = await store.usage(now)
      expect(open).toEqual([
        { dimension: 'requests', hour: hourAt(9), quantity: 3_500_000n },
        { dimension: 'storage', hour: hourAt(9), quantity: 11n * unit },
        { dimension: 'requests', hour: hourAt(10), quantity: unit },
      ])
      const { openByTags } = await store.overview(now)
      expect(openByTags.map(({ hour, tags, quantity }) => [hour, tags, quantity])).toEqual([
        [hourAt(9), untagged, 1_500_000n],
        [hourAt(9), tagged('a'), 2n * unit],
        [hourAt(9), untagged, 11n * unit],
        [hourAt(10), tagged('b'), unit],
      ])
      expect(await store.hasSealable({ before: hourAt(9), endedBefore: 0 })).toBe(false)
      expect(await store.hasSealable({ before: hourAt(9) + 1, endedBefore: 0 })).toBe(true)
    })

    test('give fractions, late usage of 48 hours, and what came last', async () => {
      const store = await filled()
      const usage = await store.usage(now)
      expect(usage.fractions).toEqual([
        { ...meaning, dimension: 'requests', quantity: 400_000n },
        { ...meaning, dimension: 'storage', divisor: 1000n, quantity: 7n * unit },
      ])
      expect(usage.late).toEqual([{ dimension: 'storage', hour: hourAt(9), quantity: 3n * unit }])
      expect(usage.lastSuccessAt).toBe(hourAt(8) + 5)
      expect(usage.lastFailure).toEqual({ at: hourAt(8) + 9, code: 'AccessDenied', message: 'no' })
      expect(usage.unresolvedCount).toBe(1)
      expect(usage.oldestUnsentHour).toBe(hourAt(2))
    })

    test('hold decimals of a record, its parts and their allocations to the millionth', async () => {
      const store = await filled()
      const account = accountFor('bytes', { divisor: 1024n })
      const part = partOf(account, 2.500001, { [untagged]: 0.000001, [tagged('a')]: 2.5 })
      const [id = 0] = await write(store, { newRecords: [recordOf(hourAt(1), part)] })
      expect(await store.record(id)).toMatchObject({
        form: 'decimal',
        quantity: 2_500_001n,
        allocations: [
          { tags: untagged, quantity: 1n },
          { tags: tagged('a'), quantity: 2_500_000n },
        ],
        parts: [{ quantity: 2_500_001n }],
      })
      const { pending } = await store.usage(now)
      expect(pending.find((record) => record.id === id)?.quantity).toBe(2_500_001n)
      expect((await store.gauges()).pending.get('bytes')).toBe(2_500_001n * 1024n)
      const sums = await store.accountSums()
      expect(sums.find(({ dimension }) => dimension === 'bytes')?.recorded).toBe(2_500_001n * 1024n)
    })

    test('list unsent records from the oldest, settled ones from the newest', async () => {
      const store = await filled()
      const usage = await store.usage(now)
      expect(usage.pending.map(({ id, state }) => [id, state])).toEqual([
        [1, 'sealed'],
        [7, 'sealed'],
        [2, 'sending'],
        [4, 'refused'],
      ])
      expect(usage.pendingCount).toBe(4)
      expect(usage.settled.map(({ id, state }) => [id, state])).toEqual([
        [6, 'moved'],
        [5, 'unresolved'],
        [3, 'accepted'],
      ])
      expect((await store.usage(hourAt(5) + 48 * hourMs)).settled.map(({ id }) => id)).toEqual([
        6, 5,
      ])
      expect((await store.overview(now)).unresolved.map(({ id }) => id)).toEqual([5])
      const pending = await store.pendingRecords()
      expect(pending.map(({ id, lastCode }) => [id, lastCode])).toEqual([
        [1, undefined],
        [7, undefined],
        [2, undefined],
        [4, 'AccessDenied'],
      ])
      const [one, seven, two] = pending.map(({ slot }) => slot)
      expect(one).toBe(two)
      expect(one).not.toBe(seven)
    })

    test('count in the pending amounts exactly while they wait', async () => {
      const store = await filled()
      const pending = async () => (await store.gauges()).pending.get('storage') ?? 0n
      const without = await pending()
      const record = recordOf(hourAt(12), partOf(storage, 4.5))
      const [id = 0] = await write(store, { newRecords: [record] })
      const much = 4_500_000n * 1000n
      for (const [state, more] of [
        ['sealed', much],
        ['sending', much],
        ['unresolved', 0n],
        ['sealed', much],
        ['refused', much],
        ['moved', 0n],
      ] as const) {
        await write(store, { records: new Map([[id, progressOf({ state })]]) })
        expect([state, await pending()]).toEqual([state, without + more])
      }
    })

    test('come a page at a time where the queue is long', async () => {
      const store = await filled()
      const all = await store.pendingRecords()
      expect(await store.pendingRecords({ limit: 3 })).toEqual(all.slice(0, 3))
      const pages = []
      for (let after = { hour: Number.MIN_SAFE_INTEGER, id: 0 }; ;) {
        const page = await store.pendingRecords({ after, limit: 1 })
        const [last] = page
        if (last === undefined) break
        pages.push(last)
        after = last
      }
      expect(pages).toEqual(all)
      const [, seven] = all
      expect(await store.pendingRecords({ after: seven, limit: 10 })).toEqual(all.slice(2))
      const later = { hour: hourAt(9) + 1, id: 0 }
      expect(await store.pendingRecords({ after: later })).toEqual(
        all.filter(({ hour }) => hour > hourAt(9)),
      )
    })

    test('hold every member of a record, its parts and what they allocate', async () => {
      const store = await filled()
      expect(await store.record(7)).toEqual({
        id: 7,
        slot: { channel: 'meter-usage', holder: pod, productCode: 'product', dimension: 'storage' },
        resource: pod,
        productCode: 'product',
        customer: '',
        dimension: 'storage',
        divisor: 1000n,
        hour: hourAt(2),
        timestamp: hourAt(2) + 3_599_000,
        quantity: 23_000_000n,
        form: 'whole',
        allocations: [
          { tags: untagged, quantity: 5_000_000n },
          { tags: tagged('a'), quantity: 16_000_000n },
          { tags: tagged('b'), quantity: 2_000_000n },
        ],
        parts: [
          partOf(storage, 20, { [untagged]: 5, [tagged('a')]: 15 }),
          partOf(older, 3, { [tagged('a')]: 1, [tagged('b')]: 2 }),
        ],
        clientToken: `token-storage-${hourAt(2)}`,
        sealedAt: hourAt(3) + 60_000,
        ...progressOf({}),
      })
      expect(await store.record(2)).toMatchObject({
        allocations: undefined,
        inFlight: true,
        ambiguous: true,
        attempts: 1,
        lastAttemptAt: hourAt(8),
      })
      expect(await store.record(3)).toMatchObject({
        meteringRecordId: 'm-3',
        settledAt: hourAt(8) + 5,
      })
      expect(await store.record(6)).toMatchObject({ movedTo: hourAt(9) })
      const { pending, settled, unresolved } = await store.wholeOverview(now)
      for (const record of [...pending, ...settled, ...unresolved])
        expect(record).toEqual(await store.record(record.id))
    })

    test('count records and pending amounts for dashboards', async () => {
      const store = await filled()
      const { states, pending, unsentHours, oldestUnsentHour } = await store.gauges()
      expect(Object.fromEntries(states)).toEqual({
        sealed: 2,
        sending: 1,
        accepted: 1,
        refused: 1,
        unresolved: 1,
        moved: 1,
      })
      expect(pending).toEqual(
        new Map([
          ['requests', 4_500_000n + 400_000n + (2n + 3n + 5n) * unit],
          ['storage', 11n * unit + 7n * unit + (20n * 1000n + 3n * 10n) * unit],
        ]),
      )
      expect(unsentHours).toEqual(
        new Map([
          [hourAt(2), 2],
          [hourAt(3), 1],
          [hourAt(5), 1],
        ]),
      )
      expect(oldestUnsentHour).toBe(hourAt(2))
    })

    test('add up each account, moved records left out', async () => {
      const store = await filled()
      const answers = await store.accountSums()
      expect(answers).toEqual([
        {
          ...noSums,
          reported: 100n * unit,
          open: 4_500_000n,
          fraction: 400_000n,
          recorded: (2n + 3n + 4n + 5n + 6n) * unit,
        },
        {
          ...noSums,
          dimension: 'storage',
          divisor: 1000n,
          reported: 50_000n * unit,
          open: 6n * unit,
          fraction: 7n * unit,
          recorded: 20_000n * unit,
        },
        {
          ...noSums,
          dimension: 'storage',
          divisor: 10n,
          reported: 1000n * unit,
          open: 5n * unit,
          recorded: 30n * unit,
        },
      ])
    })

    test('find a record by AWS’s id, and open usage by the id that was given for it', async () => {
      const store = await filled()
      const reference = (hour: number) =>
        referenceOf({ resource: pod, customer: '', dimension: 'storage', hour })
      expect(await store.find('M-3', now)).toMatchObject({ kind: 'record', record: { id: 3 } })
      expect(await store.find(reference(hourAt(2)), now)).toMatchObject({ record: { id: 7 } })
      expect(await store.find(reference(hourAt(9)), now)).toEqual({
        kind: 'open',
        open: { customer: '', dimension: 'storage', hour: hourAt(9), quantity: 11n * unit },
      })
      expect(await store.find(reference(hourAt(1)), now)).toBeUndefined()
    })

    test('export the records that pass the filter, from the oldest hour', async () => {
      const store = await filled()
      const ids = async (since?: number, until?: number, dimension?: string) => {
        const found: number[] = []
        for await (const { id } of store.records({ since, until, dimension })) found.push(id)
        return found
      }
      expect(await ids()).toEqual([1, 7, 2, 3, 4, 5, 6])
      expect(await ids(hourAt(3), hourAt(5))).toEqual([2, 3])
      expect(await ids(undefined, undefined, 'storage')).toEqual([7])
    })
  })

  describe(`${name}: the view of a transaction`, () => {
    test('lists open hours by account and hour, and their cells by tag set', async () => {
      const store = await filled()
      const hours = await look(store, (view) => view.openHours(Number.POSITIVE_INFINITY))
      expect(hours).toEqual([
        { account: requests, resource: pod, hour: hourAt(9) },
        { account: requests, resource: pod, hour: hourAt(10) },
        { account: storage, resource: pod, hour: hourAt(9) },
        { account: older, resource: pod, hour: hourAt(9) },
      ])
      expect(await look(store, (view) => view.openHours(hourAt(9)))).toEqual([])
      const open = { account: requests, resource: pod, hour: hourAt(9) }
      const seen = await look(store, (view) => [
        view.cells(open),
        view.countTagSets(open),
        view.hasTagSet(open, tagged('a')),
        view.hasTagSet(open, tagged('b')),
        view.fraction(requests),
        view.fraction(accountFor('unknown')),
        view.lateUsage('storage', hourAt(9)),
        view.lateUsage('storage', hourAt(8)),
      ])
      expect(seen).toEqual([
        [
          { tags: untagged, quantity: 1_500_000n },
          { tags: tagged('a'), quantity: 2n * unit },
        ],
        1,
        true,
        false,
        400_000n,
        0n,
        3n * unit,
        0n,
      ])
    })

    test('shows records as readers see them', async () => {
      const store = await filled()
      const [unsent, one] = await look(store, (view) => [view.unsentRecords(), view.record(1)])
      expect(unsent?.map(({ id }) => id)).toEqual([1, 7, 2, 4])
      expect(one).toEqual(await store.record(1))
      for (const record of unsent ?? []) expect(record).toEqual(await store.record(record.id))
    })

    test('adds up what accounts of one meaning hold, and names those that wait for a customer', async () => {
      const store = await filled()
      const identity = { form: 'identifier', value: 'acme', region: 'us-east-1' } as const
      const acme = { customer: 'acme', identity, names: { identifier: 'acme' } }
      const [known, waiting] = [
        accountFor('requests', { customer: 'acme', identity }),
        accountFor('requests', { customer: 'unknown' }),
      ]
      await write(store, {
        registrations: [
          { ...acme, createdAt: nine, startsAt: 0, endedAt: undefined, deletedAt: undefined },
        ],
        accounts: [{ account: known, reported: unit, fraction: 100_000n }],
        added: [known, waiting].map((account) => addedTo(account, hourAt(9), { [untagged]: unit })),
      })
      const [meanings, unregistered] = await look(store, (view) => [
        view.meanings(),
        view.unregisteredAccounts(),
      ])
      expect(meanings?.map(({ key, ...sums }) => [key.dimension, key.divisor, sums])).toEqual([
        ['requests', 1n, { open: 6_500_000n, fraction: 500_000n }],
        ['storage', 1000n, { open: 6n * unit, fraction: 7n * unit }],
        ['storage', 10n, { open: 5n * unit, fraction: 0n }],
      ])
      expect(unregistered).toEqual([waiting])
    })

    test('shows the records in flight alone, and none as left by another', async () => {
      const store = await filled()
      const [inFlight, left, hours] = await look(store, (view) => [
        view.inFlightRecords(),
        view.leftRecords(pod),
        view.leftHours(pod),
      ])
      expect(inFlight).toEqual([await store.record(2)])
      expect([left, hours]).toEqual([[], []])
    })

    test('shows only what is ahead of an hour where that is asked for', async () => {
      const store = await filled()
      const first = (await look(store, (view) => view.unsentRecords()))[0]?.hour ?? 0
      const [all, unsent, open, none] = await look(store, (view) => [
        view.unsentRecords(),
        view.unsentRecords(first),
        view.openHours(Number.POSITIVE_INFINITY, hourAt(9)),
        view.unsentRecords(hourAt(23)),
      ])
      expect(unsent?.length).toBeGreaterThan(0)
      expect(unsent).toEqual(all?.filter(({ hour }) => hour > first))
      expect(open?.map(({ hour }) => hour)).toEqual([hourAt(10)])
      expect(none).toEqual([])
    })

    test('gives an idempotency key back as it was stored', async () => {
      const { store } = await owned()
      const receipts = [
        { result: 'accepted', hour: hourAt(1), late: true },
        { result: 'accepted', hour: hourAt(2), late: false },
      ] as const
      const digest = new Uint8Array([0, 1, 255])
      await write(store, { claims: [{ token: 't', digest, receipts, createdAt: nine }] })
      const claim = await look(store, (view) => view.claim('t'))
      expect([...(claim?.digest ?? [])]).toEqual([...digest])
      expect(claim?.receipts).toEqual(receipts)
      expect(await look(store, (view) => view.claim('u'))).toBeUndefined()
    })
  })
}
