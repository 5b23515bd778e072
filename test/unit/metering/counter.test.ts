import { describe, expect, test } from 'vitest'
import { isNewer, riseOf } from '../../../src/metering/counter.ts'

const readAt = Date.parse('2026-03-10T09:15:00Z')
const before = { value: 10n, startedAt: readAt - 60_000, readAt }
const tenSeconds = 10_000

describe('a counter whose process says that it started later than before', () => {
  test.each([
    ['after the reading before', readAt + 1, 15n],
    ['less than ten seconds before that reading', readAt - tenSeconds + 1, 15n],
    ['ten seconds before that reading', readAt - tenSeconds, 5n],
    ['long before that reading', readAt - 3 * tenSeconds, 5n],
  ])('and did so %s', (_, startedAt, rise) => {
    const outcome = rise === 15n ? 'restarted' : 'counted'
    expect(riseOf({ value: 15n, startedAt }, before, true)).toEqual({ rise, outcome })
  })

  test('gives only its rise while the clock is not steady', () => {
    const reading = { value: 15n, startedAt: readAt + 1 }
    expect(riseOf(reading, before, false)).toEqual({ rise: 5n, outcome: 'counted' })
  })

  test('gives all that it shows when it fell, whatever the clock did', () => {
    const reading = { value: 3n, startedAt: readAt - 3 * tenSeconds }
    expect(riseOf(reading, before, false)).toEqual({ rise: 3n, outcome: 'restarted' })
  })
})

test('a counter that stands where it stood gives nothing, and did not fall', () => {
  const reading = { value: before.value, startedAt: undefined }
  expect(riseOf(reading, before, true)).toEqual({ rise: 0n, outcome: 'counted' })
})

test('a counter that fell without a newer start gives nothing', () => {
  const reading = { value: 9n, startedAt: before.startedAt }
  expect(riseOf(reading, before, true)).toEqual({ rise: 0n, outcome: 'fell' })
})

test('a start is newer from more than ten seconds on, and only where both are known', () => {
  expect(isNewer(readAt + tenSeconds, readAt)).toBe(false)
  expect(isNewer(readAt + tenSeconds + 1, readAt)).toBe(true)
  expect(isNewer(undefined, readAt)).toBe(false)
  expect(isNewer(readAt, undefined)).toBe(false)
})
