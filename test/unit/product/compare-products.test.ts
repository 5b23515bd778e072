import { expect, test } from 'vitest'
import { compareProducts } from '../../../src/product/compare-products.ts'
import { parseProductFile } from '../../../src/product/load-product.ts'

function file(productCode: string, dimensions: readonly unknown[]) {
  const parsed = parseProductFile(JSON.stringify({ productCode, route: 'metered', dimensions }))
  if (!parsed.ok) throw new Error(parsed.failure.join())
  return parsed.value
}

const old = file('code-1', ['requests', { name: 'storage', divisor: 1024 }, 'seats'])
const changesOf = (next: ReturnType<typeof file>) =>
  compareProducts(old, next).map(({ dimension, change }) => [dimension, change])

test('an equal file changes nothing', () => {
  expect(changesOf(old)).toEqual([
    ['requests', 'same'],
    ['storage', 'same'],
    ['seats', 'same'],
  ])
})

test('a new divisor, a dimension that is gone and one that is new are named', () => {
  const next = file('code-1', [
    'requests',
    { name: 'storage', divisor: 1 },
    { name: 'users', replaces: ['seats'] },
  ])
  expect(compareProducts(old, next)).toEqual([
    { dimension: 'requests', change: 'same', effect: 'Open usage continues.' },
    {
      dimension: 'storage',
      change: 'new-divisor',
      effect:
        'Open usage keeps the divisor 1024, and new usage has 1. The old fraction is not billed any more.',
    },
    {
      dimension: 'users',
      change: 'added',
      effect: 'There is no open usage of it. It replaces seats in refused records.',
    },
    {
      dimension: 'seats',
      change: 'removed',
      effect:
        'Open usage is sealed as seats with the divisor 1, as it was reported; new usage is refused. The old fraction is not billed any more. Records of it that AWS refuses become users.',
    },
  ])
})

test('a new product code is named for each dimension, next to a new divisor', () => {
  const next = file('code-2', ['requests', { name: 'storage', divisor: 1 }, 'seats'])
  expect(changesOf(next)).toEqual([
    ['requests', 'new-product-code'],
    ['storage', 'new-divisor'],
    ['seats', 'new-product-code'],
  ])
  for (const { effect } of compareProducts(old, next))
    expect(effect).toContain('Open usage keeps the product code code-1, and new usage has code-2.')
})

test('a new unit, a new limit and a new order mean the same', () => {
  const next = file('code-1', [
    'seats',
    { name: 'storage', divisor: '1024', unit: 'KiB', maxPerHour: 5 },
    'requests',
  ])
  expect(changesOf(next).map(([, change]) => change)).toEqual(['same', 'same', 'same'])
})

test.each([
  ['send', 'The next record is a decimal, and holds open usage and what earlier hours left over.'],
  ['carry', 'The next record has whole units. What is below one unit stays for later hours.'],
])('fractions that are from now on %s are named', (fractions, effect) => {
  const before = fractions === 'send' ? 'carry' : 'send'
  const [change] = compareProducts(
    file('code-1', [{ name: 'requests', fractions: before }]),
    file('code-1', [{ name: 'requests', fractions }]),
  )
  expect(change).toEqual({
    dimension: 'requests',
    change: 'new-fractions',
    effect: `Open usage continues. ${effect}`,
  })
  expect(
    changesOf(
      file('code-1', ['requests', { name: 'storage', divisor: 1024, fractions: 'carry' }, 'seats']),
    ),
  ).toEqual([
    ['requests', 'same'],
    ['storage', 'same'],
    ['seats', 'same'],
  ])
})
