import { expect, test } from 'vitest'
import { FailureReminders } from '../../../src/channels/failure-reminders.ts'
import { hourMs } from '../../../src/metering/hour.ts'

test('each kind of failure of each subject is due at once, and again after an hour', () => {
  const reminders = new FailureReminders()
  const due = (subject: string, kind: string, now: number) => reminders.isDue(subject, kind, now)
  expect([due('a', 'x', 5), due('a', 'x', 5), due('a', 'y', 5), due('b', 'x', 5)]).toEqual([
    true,
    false,
    true,
    true,
  ])
  expect([due('a', 'x', 4 + hourMs), due('a', 'x', 5 + hourMs)]).toEqual([false, true])
  expect(due('a', 'x', 6 + hourMs)).toBe(false)
  reminders.forget('a')
  expect([due('a', 'x', 7 + hourMs), due('b', 'x', 4 + hourMs)]).toEqual([true, false])
})
