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

const keeps = (name: string, before: string, after: string) =>
  `Open usage keeps the ${name} ${before}, and new usage has ${after}.`
const lost = 'The old fraction is not billed any more.'

test.each([
  [{ aggregate: 'max' }, 'new-aggregate', `${keeps('aggregate', 'sum', 'max')} ${lost}`],
  [{ scope: 'cluster' }, 'new-scope', `${keeps('scope', 'resource', 'cluster')} ${lost}`],
  [
    { divisor: 2, aggregate: 'max', fractions: 'send' },
    'new-divisor',
    `${keeps('divisor', '1', '2')} ${keeps('aggregate', 'sum', 'max')} ${lost}`,
  ],
])('whatever makes an account another one is named: %j', (members, change, effect) => {
  const [compared] = compareProducts(
    file('code-1', ['requests']),
    file('code-1', [{ name: 'requests', ...members }]),
  )
  expect(compared).toEqual({ dimension: 'requests', change, effect })
})

const metric = (name: string, more: object = {}) => ({ prometheus: { metric: name, ...more } })

const newCounters =
  'What the new counters show at first is not billed, and what they count from then on is.'

test.each([
  { to: metric('a'), effect: 'Reports of it by the application are refused from now on.' },
  { from: metric('a'), effect: 'From now on the application reports it.' },
  { from: metric('a'), to: metric('b'), effect: newCounters },
  { from: metric('a'), to: metric('a', { match: { kind: 'paid' } }), effect: newCounters },
  { from: metric('a'), to: { otlp: { metric: 'a' } }, effect: newCounters },
])('a source that becomes another one is named: $from and $to', ({ from, to, effect }) => {
  const [compared] = compareProducts(
    file('code-1', [{ name: 'requests', from }]),
    file('code-1', [{ name: 'requests', from: to }]),
  )
  expect(compared).toEqual({
    dimension: 'requests',
    change: 'new-source',
    effect: `Open usage continues. ${effect}`,
  })
})

test('other tags of a source, or another first value, mean the same', () => {
  const match = { b: '1', a: '2' }
  const [compared] = compareProducts(
    file('code-1', [{ name: 'requests', from: metric('a', { match }) }]),
    file('code-1', [
      {
        name: 'requests',
        from: metric('a', { match: { a: '2', b: '1' }, tags: { t: 'l' }, firstValue: 'baseline' }),
      },
    ]),
  )
  expect(compared).toMatchObject({ change: 'same' })
})
