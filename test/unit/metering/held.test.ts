import { expect, test } from 'vitest'
import { heldReasonOf, heldReasons, heldReasonTable } from '../../../src/metering/held.ts'

test('usage is held for four reasons, each with a sentence', () => {
  expect(heldReasons).toEqual(['guard', 'late', 'adopted', 'no-divisor'])
  for (const reason of heldReasons) expect(heldReasonTable[reason]).toMatch(/^[A-Z].*\.$/)
})

test('a reason is found by its name, and another name is a TypeError that says it', () => {
  expect(heldReasons.map((reason) => heldReasonOf(reason))).toEqual(heldReasons)
  expect(() => heldReasonOf('mood')).toThrow(new TypeError('usage cannot be held as mood'))
})
