import { describe, expect, onTestFinished, test } from 'vitest'
import { SidecarError } from '../../src/kernel/errors.ts'
import { hourMs } from '../../src/metering/hour.ts'
import { untagged } from '../../src/metering/tags.ts'
import type { Store } from '../../src/store/store.ts'
import {
  accountFor,
  addedTo,
  changesOf,
  look,
  nine,
  owner,
  partOf,
  pod,
  progressOf,
  recordOf,
  tagged,
  unit,
  wholeOf,
  write,
} from './store/changes-for-tests.ts'
import { describeCustomers } from './store/customer-conformance.ts'
import { describeKeeping } from './store/keeping-conformance.ts'
import { describeLedger } from './store/ledger-conformance.ts'
import { describeReadings } from './store/reading-conformance.ts'
import { describeReader } from './store/reader-conformance.ts'

/** Somewhere that a book is kept. */
export interface StorePlace {
  /**
   * Opens the book for a process, after the one before has closed it or has died. A shared book is opened
   * for a task or pod; without one, as a command that sees all of it.
   */
  open(resource?: string): Promise<Store>
  /** Cuts the power: what the open store has not flushed is gone. The next `open` finds the rest. */
  crash(): void | Promise<void>
  /** The process of the open store dies. What it wrote stays in the system's cache. */
  kill(): void
  /** The next flush fails, and nothing of it reaches the disk. Absent where a commit is durable by itself. */
  failFlush?(): void
  /** Lets time pass for the idempotency keys of the book, where the store dates them by a clock of its own. */
  age?(ms: number): Promise<unknown>
  /** Makes transactions fail with LedgerBusy until the function that it returns is called. */
  lock(): (() => void) | Promise<() => Promise<void>>
  remove(): Promise<void>
}

export interface StoreUnderTest {
  readonly name: string
  /** With room for so many bytes of idempotency keys, or as many as there usually are. */
  readonly create: (keyLimitBytes?: number) => Promise<StorePlace>
}

const requests = accountFor('requests')
const open = { account: requests, resource: pod, hour: nine }

/** Checks what every store must do, whatever it keeps the book in. */
export function describeStore({ name, create }: StoreUnderTest): void {
  async function place(keyLimitBytes?: number): Promise<StorePlace> {
    const made = await create(keyLimitBytes)
    onTestFinished(() => made.remove())
    return made
  }

  /** A store that `pod` owns. */
  async function owned(keyLimitBytes?: number): Promise<{ place: StorePlace; store: Store }> {
    const made = await place(keyLimitBytes)
    const store = await made.open()
    await write(store, { owner })
    return { place: made, store }
  }

  describe(`${name}: a transaction`, () => {
    test('resolves with the ids of the new records in their order', async () => {
      const { store } = await owned()
      const newRecords = [0, 1, 2].map((hour) =>
        recordOf(nine + hour * hourMs, partOf(requests, hour)),
      )
      const ids = await write(store, { newRecords })
      expect(ids.toSorted((a, b) => a - b)).toEqual(ids)
      expect(new Set(ids).size).toBe(3)
      const hours = await Promise.all(ids.map(async (id) => (await store.record(id))?.hour))
      expect(hours).toEqual(newRecords.map(({ content }) => content.hour))
    })

    test('shows the rules what there was before the group', async () => {
      const { store } = await owned()
      await write(store, { added: [addedTo(requests, nine, { [untagged]: 2n * unit })] })
      await store.transact((view) => {
        expect(view.cells(open)).toEqual([{ tags: untagged, quantity: 2n * unit }])
        expect(view.owner()).toBe(pod)
        return changesOf({ emptied: [open] })
      })
      expect(await look(store, (view) => view.cells(open))).toEqual([])
    })

    test('takes open usage out before it adds any', async () => {
      const { store } = await owned()
      await write(store, { added: [addedTo(requests, nine, { [untagged]: 5n, a: 7n })] })
      await write(store, { emptied: [open], added: [addedTo(requests, nine, { a: 1n })] })
      expect(await look(store, (view) => view.cells(open))).toEqual([{ tags: 'a', quantity: 1n }])
    })

    test('adds to what a tag set holds already', async () => {
      const { store } = await owned()
      for (const quantity of [999_999n, 2n, 0n])
        await write(store, { added: [addedTo(requests, nine, { a: quantity })] })
      expect(await look(store, (view) => view.cells(open))).toEqual([
        { tags: 'a', quantity: 1_000_001n },
      ])
    })

    test('closes a slot and hour with one record', async () => {
      const { store } = await owned()
      const record = recordOf(nine, partOf(requests, 1))
      expect(await look(store, (view) => view.isClosed(record.slot, nine))).toBe(false)
      await write(store, { newRecords: [record] })
      const closed = (hour: number) => look(store, (view) => view.isClosed(record.slot, hour))
      expect([await closed(nine), await closed(nine + hourMs)]).toEqual([true, false])
    })
  })

  describe(`${name}: a transaction that fails`, () => {
    const usage = addedTo(requests, nine, { [untagged]: unit })
    const first = recordOf(nine, partOf(requests, 1))

    /** A book with something of everything, and a way to see that a group left it as it was. */
    async function filled(): Promise<{
      store: Store
      expectRefused: (some: object) => Promise<void>
    }> {
      const { store } = await owned()
      await write(store, {
        accounts: [{ account: requests, reported: 3n * unit, fraction: unit }],
        added: [usage],
        newRecords: [first],
        claims: [{ token: 't', digest: new Uint8Array([1]), receipts: [], createdAt: nine }],
      })
      return {
        store,
        async expectRefused(some) {
          const before = await wholeOf(store)
          const group = {
            accounts: [{ account: accountFor('other'), reported: unit, fraction: 0n }],
            emptied: [open],
            added: [addedTo(accountFor('other'), nine, { [untagged]: unit })],
            notes: [{ resource: pod, name: 'n', value: 'v' }],
            ...some,
          }
          await expect(write(store, group)).rejects.toBeInstanceOf(Error)
          expect(await wholeOf(store)).toEqual(before)
          expect(await store.note(pod, 'n')).toBeUndefined()
          await expect(write(store, { added: [usage] })).resolves.toEqual([])
        },
      }
    }

    test('leaves nothing when the rules throw, and passes on what they threw', async () => {
      const { store } = await filled()
      const before = await wholeOf(store)
      const error = new SidecarError('OccurredAtTooOld', 'no')
      const refused = store.transact(() => {
        throw error
      })
      await expect(refused).rejects.toBe(error)
      expect(await wholeOf(store)).toEqual(before)
    })

    test('leaves nothing when the slot and hour have a record', async () => {
      const { expectRefused } = await filled()
      await expectRefused({ newRecords: [recordOf(nine, partOf(requests, 2))] })
    })

    test('leaves nothing when two of its own records are of one slot and hour', async () => {
      const { expectRefused } = await filled()
      const hour = nine + hourMs
      const twin = () => recordOf(hour, partOf(requests, 1))
      await expectRefused({ newRecords: [twin(), twin()] })
    })

    test('leaves nothing when an idempotency key is there already', async () => {
      const { expectRefused } = await filled()
      const again = { token: 't', digest: new Uint8Array([2]), receipts: [], createdAt: nine }
      await expectRefused({ claims: [again] })
    })

    test('leaves nothing when a task or pod never owned the book', async () => {
      const { expectRefused } = await filled()
      await expectRefused({ notes: [{ resource: 'pod:other', name: 'n', value: 'v' }] })
    })

    test('leaves nothing when it changes a record that is not there', async () => {
      const { expectRefused } = await filled()
      await expectRefused({ records: new Map([[99, progressOf({ state: 'accepted' })]]) })
    })

    test('gives the next record an id of its own', async () => {
      const { store } = await filled()
      await expect(write(store, { newRecords: [first] })).rejects.toBeInstanceOf(Error)
      const next = recordOf(nine + hourMs, partOf(requests, 4))
      const [id = 0] = await write(store, { newRecords: [next] })
      expect(await store.record(id)).toMatchObject({ hour: nine + hourMs, quantity: 4_000_000n })
    })

    test('rejects with LedgerBusy while another process has the book locked', async () => {
      const { place: where, store } = await owned()
      const release = await where.lock()
      await expect(write(store, { added: [usage] })).rejects.toMatchObject({ code: 'LedgerBusy' })
      await release()
      await expect(write(store, { added: [usage] })).resolves.toEqual([])
      expect(await look(store, (view) => view.cells(open))).toEqual([
        { tags: untagged, quantity: unit },
      ])
    })
  })

  describe(`${name}: what is on disk`, () => {
    const add = (store: Store, team: string) =>
      write(store, { added: [addedTo(requests, nine, { [tagged(team)]: unit })] })
    const teams = (store: Store) => look(store, (view) => view.cells(open).map(({ tags }) => tags))

    test('is there after the book was closed', async () => {
      const { place: where, store } = await owned()
      await add(store, 'a')
      const before = await wholeOf(store)
      await store.close()
      const next = await where.open()
      expect(await wholeOf(next)).toEqual(before)
    })

    test('is there after a power cut when it was flushed, and not when it was not', async () => {
      const { place: where, store } = await owned()
      await add(store, 'a')
      await store.flush()
      await store.maintain()
      await add(store, 'b')
      await where.crash()
      const durable = where.failFlush === undefined ? [tagged('a'), tagged('b')] : [tagged('a')]
      expect(await teams(await where.open())).toEqual(durable)
    })

    test('is there after the process died, flushed or not', async () => {
      const { place: where, store } = await owned()
      await add(store, 'a')
      await store.flush()
      await add(store, 'b')
      where.kill()
      expect(await teams(await where.open())).toEqual([tagged('a'), tagged('b')])
    })

    test('is all that a process found, once it has opened the book', async () => {
      const { place: where, store } = await owned()
      await store.flush()
      await add(store, 'a')
      where.kill()
      await where.open()
      await where.crash()
      expect(await teams(await where.open())).toEqual([tagged('a')])
    })

    test('does not rest on pages that a failed flush marked as clean', async () => {
      const { place: where, store } = await owned()
      await store.flush()
      await add(store, 'a')
      if (where.failFlush === undefined) return
      where.failFlush()
      await expect(store.flush()).rejects.toThrow('EIO')
      where.kill()
      const next = await where.open()
      const found = await teams(next)
      await add(next, 'b')
      await next.flush()
      await where.crash()
      expect(await teams(await where.open())).toEqual([...found, tagged('b')])
    })
  })

  describeReader(name, owned)
  describeKeeping(name, owned)
  describeReadings(name, owned)
  describeCustomers(name, owned)
  describeLedger(name, place)
}
