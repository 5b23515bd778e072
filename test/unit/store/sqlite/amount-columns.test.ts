import { expect, test } from 'vitest'
import {
  amountOf,
  fromColumns,
  onlyRow,
  toColumns,
} from '../../../../src/store/sqlite/amount-columns.ts'

test.each([
  [0n, 0n, 0n],
  [1n, 0n, 1n],
  [2_500_000n, 2n, 500_000n],
  [-1n, -1n, 999_999n],
  [-1_000_000n, -1n, 0n],
  [10n ** 24n + 7n, 10n ** 18n, 7n],
])('%i millionths are %i whole units and %i millionths', (quantity, whole, micro) => {
  expect(toColumns(quantity)).toEqual({ whole, micro })
  expect(fromColumns(whole, micro)).toBe(quantity)
  expect(amountOf({ whole, micro })).toBe(quantity)
})

test('a sum over no rows is nothing', () => {
  expect(amountOf({ whole: null, micro: null })).toBe(0n)
  expect(amountOf({})).toBe(0n)
})

test('a statement that gave no row, and always should, is a defect', () => {
  const row = { id: 1 }
  expect(onlyRow(row)).toBe(row)
  expect(() => onlyRow(undefined)).toThrow(/^a statement that always gives a row gave none$/)
})
