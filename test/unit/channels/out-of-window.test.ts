import { meterUsageWindow } from '../../../src/metering/record/record-window.ts'
import { expect, test } from 'vitest'
import { judgeOutOfWindow } from '../../../src/channels/out-of-window.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const timestamp = hour + hourMs - 1000
const windowMs = 6 * hourMs
const minuteMs = 60_000
const tooLate: Settlement = { kind: 'too-late', code: 'C', message: 'm', policy: 'carry' }

test.each([
  ['a second after AWS’s now', -1000, true, 'not-taken'],
  ['in an hour that begins at AWS in five minutes', -hourMs - 299_000, true, 'not-taken'],
  ['in an hour that begins at AWS later than that', -hourMs - 300_000, true, 'too-early'],
  ['AWS’s now', 0, true, 'refused'],
  ['five hours old', 5 * hourMs, true, 'refused'],
  ['a little younger than the window', windowMs - 5 * minuteMs - 1, true, 'refused'],
  ['five minutes younger than the window', windowMs - 5 * minuteMs, true, 'too-late'],
  ['older than the window', 9 * hourMs, true, 'too-late'],
  ['ahead of a clock that is not AWS’s', -1000, false, 'refused'],
  ['nearly as old as the window by a clock that is not AWS’s', windowMs - 1, false, 'refused'],
  ['as old as the window by a clock that is not AWS’s', windowMs, false, 'too-late'],
] as const)('a timestamp that is out of bounds and %s', (_name, age, isKnown, kind) => {
  const time = { now: timestamp + age, isKnown, window: meterUsageWindow, isEnding: false }
  expect(judgeOutOfWindow(tooLate, { hour, timestamp }, time).kind).toBe(kind)
})

test('a timestamp after AWS’s now gives its usage to another hour when the sidecar ends', () => {
  const time = { now: timestamp - hourMs, isKnown: true, window: meterUsageWindow, isEnding: true }
  expect(judgeOutOfWindow(tooLate, { hour, timestamp }, time).kind).toBe('too-early')
})

test.each([
  [-1000, 'not-taken', /^m \S.* 2026-03-10T09:59:58\.000Z, .* too early\.$/],
  [0, 'refused', /^m \S.* not too old, .*\.$/],
] as const)('the book says why a timestamp of %i ms ago was rejected', (age, kind, said) => {
  const time = { now: timestamp + age, isKnown: true, window: meterUsageWindow, isEnding: false }
  const judged = judgeOutOfWindow(tooLate, { hour, timestamp }, time)
  expect(judged).toEqual({ kind, code: 'C', message: expect.stringMatching(said) })
})

test('every other settlement stays as it is', () => {
  const other: Settlement = { kind: 'hour-taken', code: 'C', message: 'm' }
  const time = { now: timestamp - hourMs, isKnown: true, window: meterUsageWindow, isEnding: true }
  expect(judgeOutOfWindow(other, { hour, timestamp }, time)).toBe(other)
})
