import { describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../src/kernel/clock.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { NewClaim } from '../../../src/store/changes.ts'
import type { Store } from '../../../src/store/store.ts'
import { fill, hourAt, never, noSums, now, requests } from './book-for-tests.ts'
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

/** Checks amounts, forgetting and owners. */
export function describeKeeping(
  name: string,
  owned: (keyLimitBytes?: number) => Promise<{
    store: Store
    place: { age?: (ms: number) => Promise<unknown> }
  }>,
): void {
  async function filled(): Promise<Store> {
    const { store } = await owned()
    await fill(store)
    return store
  }

  describe(`${name}: amounts`, () => {
    test('far above 64 bits of millionths are exact in every place', async () => {
      const { store } = await owned()
      const much = 10n ** 21n + 1n
      await write(store, {
        accounts: [{ account: requests, reported: much, fraction: much + 1n }],
        added: [addedTo(requests, nine, { [untagged]: much, [tagged('a')]: much })],
        lateUsage: [{ dimension: 'requests', hour: nine, quantity: much }],
      })
      await write(store, {
        accounts: [{ account: requests, reported: much, fraction: undefined }],
        added: [addedTo(requests, nine, { [untagged]: 999_999n })],
      })
      expect(await store.accountSums()).toEqual([
        { ...noSums, reported: 2n * much, open: 2n * much + 999_999n, fraction: much + 1n },
      ])
      expect(await look(store, (view) => view.lateUsage('requests', nine))).toBe(much)
      expect((await store.gauges()).pending.get('requests')).toBe(3n * much + 1_000_000n)
    })

    test('in records of a large divisor are exact, kept or forgotten', async () => {
      const { store } = await owned()
      const account = accountFor('bytes', { divisor: 2n ** 40n })
      const units = 2_147_483_647
      const newRecords = [nine, nine + hourMs].map((hour) => recordOf(hour, partOf(account, 1000)))
      await write(store, { newRecords })
      const large = accountFor('large')
      await write(store, { newRecords: [recordOf(nine, partOf(large, units))] })
      const recorded = async () => (await store.accountSums()).map((each) => each.recorded)
      const expected = [2000n * 2n ** 40n * unit, BigInt(units) * unit]
      expect(await recorded()).toEqual(expected)
      const settled = progressOf({ state: 'accepted', settledAt: now })
      await write(store, { records: new Map([1, 2, 3].map((id) => [id, settled])) })
      await write(store, {
        forget: { ...never, settledBefore: now + 1 },
      })
      expect(await store.record(1)).toBeUndefined()
      expect(await recorded()).toEqual(expected)
    })

    test('add up to 10^18 units', async () => {
      const { store } = await owned()
      const most = 3n * 10n ** 17n * unit
      for (const reported of [most, most, most])
        await write(store, { accounts: [{ account: requests, reported, fraction: undefined }] })
      expect(await store.accountSums()).toEqual([{ ...noSums, reported: 3n * most }])
    })
  })

  describe(`${name}: held and written-off usage`, () => {
    const key = { account: requests, resource: pod, hour: nine, reason: 'guard' } as const

    test('adds up by reason and tag set, under an id that stays', async () => {
      const { store } = await owned()
      const hold = (since: number, cells: Readonly<Record<string, bigint>>) =>
        write(store, { held: [{ ...key, since, added: new Map(Object.entries(cells)) }] })
      await hold(nine, { [untagged]: 600_000n, [tagged('a')]: unit })
      await hold(nine + 1, { [untagged]: 600_000n })
      await write(store, {
        held: [{ ...key, reason: 'adopted', since: nine + 2, added: new Map([[untagged, unit]]) }],
      })
      const hours = await look(store, (view) => view.heldHours())
      expect(hours).toMatchObject([
        { ...key, since: nine },
        { ...key, reason: 'adopted', since: nine + 2 },
      ])
      const cellsOf = async () => {
        const [first] = await look(store, (view) => view.heldHours())
        return first && (await look(store, (view) => view.heldCells(first)))
      }
      expect(await cellsOf()).toEqual([
        { tags: untagged, quantity: 1_200_000n },
        { tags: tagged('a'), quantity: unit },
      ])
      expect(await look(store, (view) => view.isHeld({ ...key, hour: nine + hourMs }))).toBe(false)
      expect(await look(store, (view) => view.isHeld(key))).toBe(true)
      expect(await store.accountSums()).toEqual([{ ...noSums, held: 3_200_000n }])
      const { held, pending, guardedHours } = await store.gauges()
      expect(guardedHours).toEqual([nine])
      expect([held.get('requests'), pending.get('requests')]).toEqual([3_200_000n, 3_200_000n])
      const [guarded] = (await store.usage(now)).held
      expect(guarded).toEqual({
        id: hours[0]?.id,
        customer: '',
        dimension: 'requests',
        hour: nine,
        quantity: 2_200_000n,
        reason: 'guard',
        since: nine,
      })
    })

    test('is exact where it is more than a number of JavaScript holds', async () => {
      const { store } = await owned()
      const much = (2n ** 53n + 1n) * unit + 1n
      await write(store, { held: [{ ...key, since: nine, added: new Map([[untagged, much]]) }] })
      const [hour] = await look(store, (view) => view.heldHours())
      expect(hour).toMatchObject({ ...key, since: nine })
      const cells = hour && (await look(store, (view) => view.heldCells(hour)))
      expect(cells).toEqual([{ tags: untagged, quantity: much }])
      expect((await store.usage(now)).held).toMatchObject([{ quantity: much }])
    })

    test('goes out whole when it is released, and can be held again in that group', async () => {
      const { store } = await owned()
      await write(store, { held: [{ ...key, since: nine, added: new Map([[untagged, unit]]) }] })
      const released = await look(store, (view) => view.heldHours())
      await write(store, {
        released,
        held: [{ ...key, since: nine + 5, added: new Map([[untagged, 1n]]) }],
      })
      expect((await store.usage(now)).held).toMatchObject([{ quantity: 1n, since: nine + 5 }])
      await write(store, { released: await look(store, (view) => view.heldHours()) })
      expect((await store.usage(now)).held).toEqual([])
    })

    test('that is written off is listed newest first, and counts in its account', async () => {
      const { store } = await owned()
      const usage = { account: requests, hour: nine, tags: untagged, quantity: unit }
      await write(store, {
        voided: [{ ...usage, recordId: undefined, reason: 'a loop', at: nine + 1 }],
      })
      await write(store, {
        voided: [{ ...usage, tags: tagged('a'), recordId: 7, reason: 'a test', at: nine + 2 }],
      })
      const { account: _, ...at } = usage
      const row = { ...at, productCode: requests.key.productCode, customer: '' }
      expect((await store.overview(now)).voided).toEqual([
        {
          ...row,
          dimension: 'requests',
          tags: tagged('a'),
          recordId: 7,
          reason: 'a test',
          at: nine + 2,
        },
        { ...row, dimension: 'requests', recordId: undefined, reason: 'a loop', at: nine + 1 },
      ])
      expect(await store.accountSums()).toEqual([{ ...noSums, void: 2n * unit }])
    })

    test('takes the tags of a record away with its client token', async () => {
      const { store } = await owned()
      const [id = 0] = await write(store, {
        newRecords: [recordOf(nine, partOf(requests, 3, { [tagged('a')]: 3 }))],
      })
      const resealed = { timestamp: nine + 1000, clientToken: 'another', isUntagged: true }
      await write(store, { resealed: new Map([[id, resealed]]) })
      const record = await store.record(id)
      expect(record).toMatchObject({
        quantity: 3_000_000n,
        timestamp: nine + 1000,
        clientToken: 'another',
      })
      expect(record?.allocations).toBeUndefined()
    })

    test('gives a record another time with its client token, and leaves its tags', async () => {
      const { store } = await owned()
      const [id = 0] = await write(store, {
        newRecords: [recordOf(nine, partOf(requests, 3, { [tagged('a')]: 3 }))],
      })
      const before = await store.record(id)
      const resealed = { timestamp: nine + 1000, clientToken: 'another', isUntagged: false }
      await write(store, { resealed: new Map([[id, resealed]]) })
      expect(await store.record(id)).toEqual({
        ...before,
        timestamp: nine + 1000,
        clientToken: 'another',
      })
    })

    test('has a record sent by another task or pod from then on, and changes nothing else of it', async () => {
      const { store } = await owned()
      const another = { identity: 'pod:two', firstSeenAt: nine }
      await write(store, { owner: another })
      const [id = 0, other = 0] = await write(store, {
        newRecords: [nine, nine + hourMs].map((hour) => recordOf(hour, partOf(requests, 3))),
      })
      const before = await store.record(id)
      await write(store, { senders: new Map([[id, another.identity]]) })
      expect(await store.record(id)).toEqual({ ...before, resource: another.identity })
      expect((await store.record(other))?.resource).toBe(pod)
    })

    test('names a record by an id of AWS, and ids that two records bear', async () => {
      const { store } = await owned()
      const newRecords = [nine, nine + hourMs].map((hour) => recordOf(hour, partOf(requests, 1)))
      const [first = 0, second = 0] = await write(store, { newRecords })
      const progress = progressOf({ state: 'accepted', meteringRecordId: 'same' })
      await write(store, { records: new Map([[second, progress]]) })
      expect(await look(store, (view) => view.recordWithMeteringId('same'))).toBe(second)
      expect(await look(store, (view) => view.recordWithMeteringId('other'))).toBeUndefined()
      expect(await store.sharedMeteringIds()).toEqual([])
      await write(store, { records: new Map([[first, progress]]) })
      expect(await store.sharedMeteringIds()).toEqual([
        { meteringRecordId: 'same', records: [first, second] },
      ])
    })

    test('removes a note that has no value', async () => {
      const { store } = await owned()
      const note = { resource: pod, name: 'a-note' }
      await write(store, { notes: [{ ...note, value: 'text' }] })
      expect(await look(store, (view) => view.note(pod, 'a-note'))).toBe('text')
      await write(store, { notes: [{ ...note, value: undefined }] })
      expect(await look(store, (view) => view.note(pod, 'a-note'))).toBeUndefined()
    })
  })

  describe(`${name}: forgetting`, () => {
    test('drops settled records of old hours alone, and their amounts stay counted', async () => {
      const store = await filled()
      const before = await store.accountSums()
      await write(store, { forget: { ...never, settledBefore: hourAt(8) + 6 } })
      // Record 5 waits for a decision, and record 6 was settled later.
      const left = await Promise.all(
        [1, 2, 3, 4, 5, 6, 7].map(async (id) => (await store.record(id))?.id),
      )
      expect(left).toEqual([1, 2, undefined, 4, 5, 6, 7])
      expect(await store.accountSums()).toEqual(before)
      const { slot } = recordOf(hourAt(4), partOf(requests, 1))
      expect(await look(store, (view) => view.isClosed(slot, hourAt(4)))).toBe(false)
      await write(store, { forget: { ...never, settledBefore: now } })
      expect(await store.record(6)).toBeUndefined()
      expect(await store.accountSums()).toEqual(before)
    })

    test('drops settled records a bounded number at a time, until there are no more', async () => {
      const { store } = await owned()
      const hours = Array.from({ length: 5100 }, (_, index) => nine - (index + 2) * hourMs)
      const ids = await write(store, {
        newRecords: hours.map((hour) => recordOf(hour, partOf(requests, 1))),
      })
      const progress = progressOf({ state: 'accepted', settledAt: nine - hourMs })
      await write(store, { records: new Map(ids.map((id) => [id, progress])) })
      const before = await store.accountSums()
      const forget = { ...never, settledBefore: nine }
      let rounds = 0
      for (let more = true; more; rounds += 1) {
        more = await look(store, (view) => view.hasMoreToForget(forget))
        await write(store, { forget })
      }
      const some = ids.filter((_, index) => index % 100 === 0 || index === ids.length - 1)
      const left = await Promise.all(some.map(async (id) => (await store.record(id)) !== undefined))
      expect(left).not.toContain(true)
      expect(await store.accountSums()).toEqual(before)
      expect(rounds).toBeLessThan(20)
    })

    test('drops old late usage', async () => {
      const store = await filled()
      await write(store, { forget: { ...never, lateUsageBefore: hourAt(9) } })
      const late = (dimension: string, hour: number) =>
        look(store, (view) => view.lateUsage(dimension, hour))
      expect(await late('requests', nine - 49 * hourMs)).toBe(0n)
      expect(await late('storage', hourAt(9))).toBe(3n * unit)
    })

    describe('keys', () => {
      // A store may date keys by a clock of its own, which goes right.
      const today = createSystemClock().now()
      const forget = { ...never, at: today, claimsBefore: today - hourMs / 2 }
      const claimOf = (token: string, age: number, keptLongerMs?: number): NewClaim => ({
        token,
        digest: new Uint8Array([1]),
        receipts: [],
        createdAt: today - age,
        keptLongerMs,
      })

      test('go when they are old, a bounded number at a time, until there are no more', async () => {
        const { store, place } = await owned()
        const old = Array.from({ length: 11_990 }, (_, index) => claimOf(`t-${index}`, hourMs))
        await write(store, { claims: [...old, claimOf('kept', hourMs, hourMs)] })
        await place.age?.(hourMs)
        await write(store, { claims: [claimOf('young', 0)] })
        let rounds = 0
        for (let more = true; more; rounds += 1) {
          more = await look(store, (view) => view.hasMoreToForget(forget))
          await write(store, { forget })
        }
        expect(rounds).toBeGreaterThan(1)
        const has = (token: string) => look(store, (view) => view.claim(token) !== undefined)
        expect([await has('t-0'), await has('t-11989')]).toEqual([false, false])
        expect([await has('kept'), await has('young')]).toEqual([true, true])
      })

      test('go when they are old, although many that are kept longer came before them', async () => {
        const { store, place } = await owned()
        const kept = Array.from({ length: 5000 }, (_, index) =>
          claimOf(`kept-${index}`, hourMs, hourMs),
        )
        await write(store, { claims: kept })
        await write(store, { claims: [claimOf('old', hourMs)] })
        await place.age?.(hourMs)
        let rounds = 0
        for (let more = true; more && rounds < 10; rounds += 1) {
          more = await look(store, (view) => view.hasMoreToForget(forget))
          await write(store, { forget })
        }
        expect(rounds).toBeLessThan(10)
        const has = (token: string) => look(store, (view) => view.claim(token) !== undefined)
        expect([await has('kept-0'), await has('kept-4999'), await has('old')]).toEqual([
          true,
          true,
          false,
        ])
      })

      test('are refused with LedgerFull at their cap, and what has none is recorded', async () => {
        const { store } = await owned(1000)
        const claims = Array.from({ length: 20 }, (_, index) => claimOf(`t-${index}`, 0))
        await write(store, { claims: claims.slice(0, 4) })
        const reported = { account: requests, reported: unit, fraction: undefined }
        const full = { code: 'LedgerFull' }
        await expect(write(store, { claims, accounts: [reported] })).rejects.toMatchObject(full)
        await write(store, { accounts: [reported] })
        expect(await store.accountSums()).toMatchObject([{ reported: unit }])
        await expect(write(store, { claims: claims.slice(5) })).rejects.toMatchObject(full)
      })
    })
  })

  describe(`${name}: tasks and pods`, () => {
    test('own the book one after the other, each since it was first seen', async () => {
      const { store } = await owned()
      expect(await store.owner()).toEqual({ identity: pod, firstSeenAt: nine })
      await write(store, { owner: { identity: 'pod:two', firstSeenAt: nine + 1 } })
      expect(await store.owner()).toEqual({ identity: 'pod:two', firstSeenAt: nine + 1 })
      await write(store, { owner: { identity: pod, firstSeenAt: nine + 2 } })
      expect(await store.owner()).toEqual({ identity: pod, firstSeenAt: nine })
      expect(await look(store, (view) => view.owner())).toBe(pod)
    })

    test('keep their notes apart, the last of each name', async () => {
      const store = await filled()
      await write(store, {
        owner: { identity: 'pod:two', firstSeenAt: nine },
        notes: [
          { resource: pod, name: 'public-key', value: '2' },
          { resource: 'pod:two', name: 'public-key', value: '3' },
        ],
      })
      expect(await store.note(pod, 'public-key')).toBe('2')
      expect(await store.note('pod:two', 'public-key')).toBe('3')
      expect(await store.notes('public-key')).toEqual(['2', '3'])
      expect(await store.notes('another')).toEqual([])
    })

    test('have open usage side by side in one hour', async () => {
      const { store } = await owned()
      const two = { identity: 'pod:two', firstSeenAt: nine }
      await write(store, {
        owner: two,
        added: [
          addedTo(requests, nine, { a: 1n }),
          { ...addedTo(requests, nine, { a: 2n }), resource: 'pod:two' },
        ],
      })
      const of = (resource: string) => ({ account: requests, resource, hour: nine })
      const cells = (resource: string) => look(store, (view) => view.cells(of(resource)))
      expect(await cells('pod:two')).toEqual([{ tags: 'a', quantity: 2n }])
      expect(await look(store, (view) => view.openHours(now))).toHaveLength(2)
      await write(store, { emptied: [of(pod)] })
      expect([await cells(pod), await cells('pod:two')]).toEqual([
        [],
        [{ tags: 'a', quantity: 2n }],
      ])
      expect((await store.usage(now)).open).toMatchObject([{ quantity: 2n }])
    })

    test('tell how much room there is', async () => {
      const { store } = await owned()
      const { ledgerBytes, freeBytes, volumeBytes } = await store.space()
      expect(ledgerBytes).toBeGreaterThan(0)
      expect(volumeBytes ?? 0).toBeGreaterThanOrEqual(freeBytes ?? 0)
    })
  })
}
