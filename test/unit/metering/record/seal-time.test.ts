import { expect, test } from 'vitest'
import { fromIso, toIso } from '../../../../src/kernel/clock.ts'
import { hourMs } from '../../../../src/metering/hour.ts'
import {
  acceptedUntil,
  batchMeterUsageWindow,
  meterUsageWindow,
} from '../../../../src/metering/record/record-window.ts'
import { sealableBefore, sealedFrom } from '../../../../src/metering/record/seal-time.ts'

const at = (time: string) => fromIso(time) ?? Number.NaN
const minuteMs = 60_000
/** The longest that SIDECAR_SEAL_DELAY_SECONDS may be on the route saas. */
const longestMs = 20 * hourMs

test('an hour may be sealed when it is over and the delay has passed', () => {
  const before = (now: string) => toIso(sealableBefore(at(now), minuteMs, meterUsageWindow))
  expect(before('2026-03-10T09:59:59Z')).toBe('2026-03-10T09:00:00.000Z')
  expect(before('2026-03-10T10:00:59.999Z')).toBe('2026-03-10T09:00:00.000Z')
  expect(before('2026-03-10T10:01:00Z')).toBe('2026-03-10T10:00:00.000Z')
})

test('a long delay ends an hour before AWS stops accepting the hours of a month', () => {
  const before = (now: string) => toIso(sealableBefore(at(now), longestMs, batchMeterUsageWindow))
  expect(before('2026-04-01T04:59:59Z')).toBe('2026-03-31T08:00:00.000Z')
  expect(before('2026-04-01T05:00:00Z')).toBe('2026-04-01T00:00:00.000Z')
  expect(before('2026-04-01T20:59:59Z')).toBe('2026-04-01T00:00:00.000Z')
  expect(before('2026-04-01T21:00:00Z')).toBe('2026-04-01T01:00:00.000Z')
})

test.each([
  ['the longest', longestMs, batchMeterUsageWindow],
  ['the usual', hourMs, batchMeterUsageWindow],
  ['none', 0, batchMeterUsageWindow],
  ['half an hour', hourMs / 2, meterUsageWindow],
])('each hour of a year is over when it is sealed, and has time left: %s', (_, delay, window) => {
  let last = 0
  for (let hour = at('2026-01-01T00:00:00Z'); hour < at('2027-01-02T00:00:00Z'); hour += hourMs) {
    const sealed = sealedFrom(hour, delay, window)
    expect(sealed).toBeGreaterThanOrEqual(Math.max(last, hour + hourMs))
    expect(acceptedUntil(window, hour) - sealed).toBeGreaterThanOrEqual(hourMs)
    expect(sealableBefore(sealed, delay, window)).toBeGreaterThan(hour)
    expect(sealableBefore(sealed - 1, delay, window)).toBeLessThanOrEqual(hour)
    last = sealed
  }
})
