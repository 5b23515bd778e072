import { expect, test } from 'vitest'
import { backoffMs } from '../../../src/kernel/backoff.ts'

const highest = () => 1 - Number.EPSILON
const lowest = () => 0

test('the ceiling doubles from the base up to the cap', () => {
  const ceilings = [1, 2, 3, 9, 10, 11, 5_000].map((attempt) => backoffMs(attempt, highest))
  expect(ceilings).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000, 300_000])
})

test('the whole range below the ceiling is used', () => {
  expect(backoffMs(3, () => 0.5)).toBe(2_000)
  expect(backoffMs(3, () => 0.25)).toBe(1_000)
})

test('the delay is a whole number and at least one millisecond', () => {
  expect(backoffMs(1, lowest)).toBe(1)
  expect(backoffMs(1, () => 0.12345)).toBe(124)
})

test('base and cap can be chosen', () => {
  expect(backoffMs(1, highest, { baseMs: 50 })).toBe(50)
  expect(backoffMs(9, highest, { baseMs: 50, capMs: 70 })).toBe(70)
})

test.each([0, -1, 1.5, Number.NaN])('an attempt of %s is an error of the caller', (attempt) => {
  expect(() => backoffMs(attempt, lowest)).toThrow(TypeError)
})
