import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Reading } from '../../../src/metering/reading.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { referenceOf } from '../../../src/store/reference.ts'
import type { Store } from '../../../src/store/store.ts'
import { never, now } from './book-for-tests.ts'
import { accountFor, look, nine, pod, tagged, unit, write } from './changes-for-tests.ts'

const hosts = accountFor('hosts', { aggregate: 'max' })
const users = accountFor('users', { aggregate: 'unique' })
const open = { account: hosts, resource: pod, hour: nine }

function reading(quantity: bigint, more: Partial<Reading> = {}): Reading {
  return { tags: untagged, key: '', quantity, at: nine + 5, until: nine + 10, ...more }
}

/** Checks readings and cursors. */
export function describeReadings(
  name: string,
  owned: () => Promise<{ store: Store; place: { kill(): void; open(): Promise<Store> } }>,
): void {
  describe(`${name}: readings`, () => {
    test('replace the one with their tag set and key, and outlive the process', async () => {
      const { store, place } = await owned()
      const large = 10n ** 20n + 7n
      await write(store, {
        readings: {
          dropped: [],
          hours: [{ ...open, closed: false, count: 2 }],
          rows: [
            { ...open, reading: reading(unit) },
            { ...open, reading: reading(2n * unit, { tags: tagged('a') }) },
          ],
        },
      })
      await write(store, {
        readings: {
          dropped: [],
          hours: [],
          rows: [{ ...open, reading: reading(large, { at: nine + 6 }) }],
        },
      })
      await store.flush()
      place.kill()
      const again = await place.open()
      const seen = await look(again, ({ readings }) => ({
        hour: readings.hour(open),
        one: readings.one(open, tagged('a'), ''),
        none: [readings.one(open, tagged('b'), ''), readings.one(open, untagged, 'x')],
        all: readings.all(open),
        elsewhere: readings.all({ ...open, hour: nine + hourMs }),
        open: readings.openHours(),
      }))
      expect(seen).toEqual({
        hour: { ...open, closed: false, count: 2 },
        one: reading(2n * unit, { tags: tagged('a') }),
        none: [undefined, undefined],
        all: [reading(large, { at: nine + 6 }), reading(2n * unit, { tags: tagged('a') })],
        elsewhere: [],
        open: [{ ...open, closed: false, count: 2 }],
      })
    })

    test('show what open hours come to, are found by their id, and make them due', async () => {
      const { store } = await owned()
      const members = { account: users, resource: pod, hour: nine }
      await write(store, {
        readings: {
          dropped: [],
          hours: [
            { ...open, closed: false, count: 1 },
            { ...members, closed: false, count: 2 },
          ],
          rows: [
            { ...open, reading: reading(3n * unit) },
            { ...members, reading: reading(unit, { key: 'ada' }) },
            { ...members, reading: reading(unit, { key: 'bob' }) },
          ],
        },
      })
      expect((await store.usage(now)).readings).toEqual([
        { dimension: 'hosts', hour: nine, aggregate: 'max', count: 1, quantity: 3n * unit },
        { dimension: 'users', hour: nine, aggregate: 'unique', count: 2, quantity: 2n * unit },
      ])
      const reference = referenceOf({ resource: pod, customer: '', dimension: 'hosts', hour: nine })
      expect(await store.find(reference, now)).toEqual({
        kind: 'open',
        open: { customer: '', dimension: 'hosts', hour: nine, quantity: 3n * unit },
      })
      expect(await store.hasSealable({ before: nine, endedBefore: 0 })).toBe(false)
      expect(await store.hasSealable({ before: nine + 1, endedBefore: 0 })).toBe(true)
      expect((await store.gauges()).oldestOpenHour).toBe(nine)
    })

    test('of a closed hour are not due, go when they are told to, and are forgotten in time', async () => {
      const { store } = await owned()
      const other = { account: users, resource: pod, hour: nine }
      await write(store, {
        readings: {
          dropped: [],
          hours: [open, other].map((key) => ({ ...key, closed: true, count: 1 })),
          rows: [open, other].map((key) => ({ ...key, reading: reading(unit) })),
        },
      })
      expect(await store.hasSealable({ before: now, endedBefore: 0 })).toBe(false)
      expect((await store.usage(now)).readings).toEqual([])
      await write(store, {
        readings: { dropped: [open], hours: [{ ...open, closed: true, count: 0 }], rows: [] },
      })
      const left = () =>
        look(store, ({ readings }) => [
          readings.hour(open)?.count,
          readings.all(open).length,
          readings.all(other).length,
        ])
      expect(await left()).toEqual([0, 0, 1])
      await write(store, { forget: { ...never, readingsBefore: nine } })
      expect(await left()).toEqual([0, 0, 1])
      await write(store, { readings: { dropped: [open], hours: [], rows: [] } })
      expect(await left()).toEqual([undefined, 0, 1])
      await write(store, { forget: { ...never, readingsBefore: nine + 1 } })
      expect(await left()).toEqual([undefined, 0, 0])
    })
  })

  describe(`${name}: cursors`, () => {
    test('are replaced, removed, and kept apart by task or pod and by source', async () => {
      const { store } = await owned()
      const cursor = {
        resource: pod,
        source: 'prometheus http://127.0.0.1:9090/metrics',
        series: 'requests_total',
        value: 5n * unit,
        startedAt: nine,
        readAt: nine + 5,
      }
      const unstarted = { ...cursor, series: 'a', startedAt: undefined, value: 10n ** 21n + 1n }
      await write(store, {
        cursors: { removed: [], put: [cursor, unstarted, { ...cursor, source: 'otlp' }] },
      })
      const all = () => look(store, (view) => view.cursors(pod, cursor.source))
      expect(await all()).toEqual([unstarted, cursor])
      const moved = { ...cursor, value: 6n * unit, readAt: nine + 9 }
      await write(store, { cursors: { removed: [unstarted], put: [moved] } })
      expect(await all()).toEqual([moved])
      expect(await look(store, (view) => view.cursors('pod:two', cursor.source))).toEqual([])
    })
  })
}
