import { expect, test } from 'vitest'
import { laterOf } from '../../../src/metering/licence.ts'

test('of two that were said of a licence the later counts, and its end where both are of one time', () => {
  const [began, ended] = [false, true].map((end) => ({ at: 1, ended: end }))
  const [beganLater, endedLater] = [false, true].map((end) => ({ at: 2, ended: end }))
  const rising = [began, ended, beganLater, endedLater]
  for (const [index, later] of rising.entries())
    for (const earlier of [undefined, ...rising.slice(0, index)]) {
      expect(laterOf(earlier, later)).toBe(later)
      expect(laterOf(later, earlier)).toBe(later)
    }
  expect(laterOf(undefined, undefined)).toBeUndefined()
})

test('of two that say the same the one that is known stays', () => {
  for (const ended of [false, true]) {
    const [known, again] = [
      { at: 1, ended },
      { at: 1, ended },
    ]
    expect(laterOf(known, again)).toBe(known)
  }
})
