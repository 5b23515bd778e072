import { describe, expect, test } from 'vitest'
import {
  amountsOf,
  closedKey,
  closedReadings,
  mergeReadings,
  readingKey,
  type Reading,
  type ReadingAggregate,
} from '../../../src/metering/reading.ts'
import { hourMs } from '../../../src/metering/hour.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const reading = (quantity: bigint, at: number, more: Partial<Reading> = {}): Reading => ({
  tags: '',
  key: '',
  quantity,
  at: hour + at,
  until: hour + hourMs,
  ...more,
})

describe('the key of a reading', () => {
  test.each([
    ['max', ''],
    ['last', ''],
    ['unique', 'member'],
    ['integral', '0061'],
  ] as const)('of %s is %j', (aggregate, key) => {
    expect(readingKey(aggregate, hour + 61_999, 'member')).toBe(key)
  })
})

describe('of two readings with one key', () => {
  const first = reading(5n, 1000)
  test.each([
    ['max', reading(6n, 0), true],
    ['max', reading(5n, 2000), false],
    ['unique', reading(6n, 2000), false],
    ['last', reading(4n, 1000), true],
    ['last', reading(6n, 999), false],
    ['integral', reading(4n, 1000), true],
    ['integral', reading(6n, 999), false],
  ] as const)('%s keeps one', (aggregate, second, isSecond) => {
    expect(mergeReadings(aggregate, first, second)).toBe(isSecond ? second : first)
    expect(mergeReadings(aggregate, undefined, second)).toBe(second)
  })
})

describe('what readings come to', () => {
  const at = (aggregate: ReadingAggregate, readings: readonly Reading[], now = hour + hourMs) =>
    amountsOf(aggregate, readings, hour, now)

  test('is an amount for each tag set, in their order, and none of 0', () => {
    const readings = ['b', '', 'a', 'c'].map((tags) => reading(tags === 'c' ? 0n : 3n, 0, { tags }))
    expect(at('max', readings).map(({ tags }) => tags)).toEqual(['', 'a', 'b'])
  })

  test('counts members in whole units, whatever their values are', () => {
    const members = ['x', 'y'].map((key) => reading(7n, 0, { key }))
    expect(at('unique', members)).toEqual([{ tags: '', quantity: 2_000_000n }])
  })

  test('is for an integral each value for as long as it stood, in any order, within its hour', () => {
    const half = hourMs / 2
    const values = [
      reading(8n, half),
      reading(2n, -1000),
      // Stale at once: it stands for no time.
      reading(1000n, 3 * (hourMs / 4), { until: hour + half }),
    ]
    expect(at('integral', values)).toEqual([{ tags: '', quantity: 3n }])
    expect(at('integral', values, hour + half)).toEqual([{ tags: '', quantity: 1n }])
    expect(at('integral', [reading(4n, 0)], hour + 2 * hourMs)).toEqual([
      { tags: '', quantity: 4n },
    ])
    expect(at('integral', [reading(4n, 1000)], hour)).toEqual([])
  })
})

describe('an hour that was closed before its end', () => {
  const now = hour + 1000
  const closed = (quantity: bigint) => reading(quantity, 500, { key: closedKey })
  const lastOf = (...readings: readonly Reading[]) => amountsOf('last', readings, hour, now)

  test('gives of the last value what is above what was billed', () => {
    expect(lastOf(reading(5n, 0))).toEqual([{ tags: '', quantity: 5n }])
    expect(lastOf(reading(5n, 0), closed(3n))).toEqual([{ tags: '', quantity: 2n }])
    expect(lastOf(reading(5n, 0), closed(7n))).toEqual([])
    expect(lastOf(closed(7n))).toEqual([])
  })

  test('remembers of the last value what it gave in all, and when', () => {
    const kept = { tags: '', key: closedKey, at: now, until: now }
    const of = (...readings: readonly Reading[]) => closedReadings('last', readings, hour, now)
    expect(of(reading(5n, 0))).toEqual([{ ...kept, quantity: 5n }])
    expect(of(reading(5n, 0), closed(3n))).toEqual([{ ...kept, quantity: 5n }])
    expect(of(reading(5n, 2000), closed(7n))).toEqual([{ ...kept, quantity: 7n }])
  })

  test('remembers of an integral what the rounding left, and the latest instant that was measured', () => {
    const of = (...readings: readonly Reading[]) => closedReadings('integral', readings, hour, now)
    const kept = { tags: '', key: closedKey }
    expect(of(reading(7n, 0))).toEqual([{ ...kept, quantity: 7000n, at: now, until: now }])
    const ahead = hour + 2000
    expect(of(reading(7n, 0), reading(1n, 2000))).toEqual([
      { ...kept, quantity: 7000n, at: ahead, until: ahead },
    ])
    const large = BigInt(hourMs) + 1n
    expect(of(reading(large, 0))).toEqual([{ ...kept, quantity: 1000n, at: now, until: now }])
  })
})
