import { expect, test } from 'vitest'
import { fromIso, toIso } from '../../../../src/kernel/clock.ts'
import {
  acceptedUntil,
  batchMeterUsageWindow,
  meterUsageWindow,
  type RecordWindow,
} from '../../../../src/metering/record/record-window.ts'

const untilOf = (window: RecordWindow, hour: string) =>
  toIso(acceptedUntil(window, fromIso(hour) ?? Number.NaN))

test('an hour is accepted for six hours after its end, and for a day where customers are billed', () => {
  const hour = '2026-03-10T22:00:00Z'
  expect(untilOf(meterUsageWindow, hour)).toBe('2026-03-11T05:00:00.000Z')
  expect(untilOf(batchMeterUsageWindow, hour)).toBe('2026-03-11T23:00:00.000Z')
})

test.each([
  ['2026-03-31T05:00:00Z', '2026-04-01T06:00:00.000Z'],
  ['2026-12-31T23:00:00Z', '2027-01-01T06:00:00.000Z'],
  ['2026-12-31T05:00:00Z', '2027-01-01T06:00:00.000Z'],
  ['2028-02-29T05:00:00Z', '2028-03-01T06:00:00.000Z'],
  ['2026-03-31T04:00:00Z', '2026-04-01T05:00:00.000Z'],
])("the customers' hour %s of a month that ends is accepted until %s", (hour, until) => {
  expect(untilOf(batchMeterUsageWindow, hour)).toBe(until)
})
