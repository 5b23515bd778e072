import { expect, test } from 'vitest'
import {
  showBytes,
  showCount,
  showDistance,
  showHour,
  showNumber,
  showTime,
} from '../../../status-page/format.ts'

const now = Date.parse('2026-03-10T10:15:00Z')
const minute = 60_000

test('numbers keep six digits, and thousands are separated', () => {
  expect([0, 1234567, 0.000001, 2.5].map(showNumber)).toEqual(['0', '1,234,567', '0.000001', '2.5'])
})

test('bytes have three digits and a unit', () => {
  expect([0, 999, 1234, 180_224, 1_073_741_824].map(showBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.23 kB',
    '180 kB',
    '1.07 GB',
  ])
})

test('a time on another day includes the day', () => {
  expect(showTime(now - 10 * minute, now)).toBe('10:05')
  expect(showTime(now - 24 * 60 * minute, now)).toBe('9 Mar 10:15')
  expect(showHour(Date.parse('2026-03-09T23:00:00Z'), now)).toBe('9 Mar 23:00 to 00:00')
})

test.each([
  [0, 'now'],
  [-20_000, '20 s ago'],
  [3 * minute, 'in 3 min'],
  [-120 * minute, '2 h ago'],
  [80 * minute, 'in 1 h 20 min'],
  [-72 * 60 * minute, '3 days ago'],
])('%i ms from now is %s', (distance, text) => {
  expect(showDistance(now + distance, now)).toBe(text)
})

test('one is singular', () => {
  expect([0, 1, 2].map((count) => showCount(count, 'record'))).toEqual([
    '0 records',
    '1 record',
    '2 records',
  ])
})
