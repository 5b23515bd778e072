import { expect, test } from 'vitest'
import { mergeCells, sumOf, type OpenCell } from '../../../src/metering/cell.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'

const [a, b, c] = ['a', 'b', 'c'].map((value) => canonicalTags([{ key: 'team', value }]))
const cell = (tags: OpenCell['tags'] | undefined, quantity: bigint) => ({
  tags: tags ?? untagged,
  quantity,
})

test('lists are added up by tag set, in the order of the tag sets', () => {
  const lists = [[cell(a, 1n), cell(c, 2n)], [cell(b, 4n)], [cell(untagged, 3n), cell(a, 5n)]]
  expect(mergeCells(lists)).toEqual([cell(untagged, 3n), cell(a, 6n), cell(b, 4n), cell(c, 2n)])
})

test('a single list is not copied, and no list gives no cells', () => {
  const only = [cell(a, 1n), cell(b, 2n)]
  expect(mergeCells([only])).toBe(only)
  expect(mergeCells([])).toEqual([])
})

test('the sum of no cells is nothing', () => {
  expect(sumOf([])).toBe(0n)
  expect(sumOf([cell(a, 2n), cell(b, 3n)])).toBe(5n)
})
