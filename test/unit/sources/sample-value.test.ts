import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { microOf, shownValue } from '../../../src/sources/sample-value.ts'

test.each([
  ['0', 0n],
  ['-0', 0n],
  ['1', 1_000_000n],
  ['+1.5', 1_500_000n],
  ['.5', 500_000n],
  ['5.', 5_000_000n],
  ['0.0000019', 1n],
  ['1e-7', 0n],
  ['12.3e4', 123_000_000_000n],
  ['9007199254740993', 9_007_199_254_740_993_000_000n],
  ['1.7976931348623157e+30', 1_797_693_134_862_315_700_000_000_000_000_000_000n],
  ['000123', 123_000_000n],
])('%s is %s millionths', (text, micro) => {
  expect(microOf(text)).toEqual({ ok: true, value: micro })
})

test.each([
  ['NaN', 'NotANumber'],
  ['nan', 'NotANumber'],
  ['+Inf', 'Infinite'],
  ['-infinity', 'Infinite'],
  ['-1', 'Negative'],
  ['1e308', 'TooLarge'],
  ['1e999999999', 'TooLarge'],
])('%s is no amount: %s', (text, problem) => {
  expect(microOf(text)).toEqual({ ok: false, failure: problem })
})

test('differences of readings add up to the last one, whatever a float shows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e15, noNaN: true }), { minLength: 1 }),
      (values) => {
        const read = values.toSorted((a, b) => a - b).map((value) => microOf(String(value)))
        const micro = read.map((each) => (each.ok ? each.value : -1n))
        expect(micro.every((value, index) => value >= (micro[index - 1] ?? 0n))).toBe(true)
      },
    ),
  )
})

test('a message shows the beginning of a long value', () => {
  expect(shownValue('1.5')).toBe('1.5')
  expect(shownValue('9'.repeat(1_000_000))).toBe(`${'9'.repeat(40)}…`)
})
