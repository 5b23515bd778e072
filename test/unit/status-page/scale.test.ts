import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scaleOf } from '../../../status-page/scale.ts'

test.each([
  [0, [0]],
  [1, [0, 0.5, 1]],
  [11, [0, 5, 10, 15]],
  [100, [0, 50, 100]],
  [2210, [0, 1000, 2000, 3000]],
  [0.0004, [0, 0.0001, 0.0002, 0.0003, 0.0004]],
])('the scale for %s has round steps', (highest, ticks) => {
  expect(scaleOf(highest).ticks).toEqual(ticks)
})

test('the scale always holds the highest value, in two to five steps', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (highest) => {
      const { top, ticks } = scaleOf(highest)
      expect(top).toBeGreaterThanOrEqual(highest * (1 - 1e-9))
      expect(ticks.length).toBeGreaterThanOrEqual(2)
      expect(ticks.length).toBeLessThanOrEqual(5)
      expect(ticks.at(-1)).toBe(top)
    }),
  )
})
