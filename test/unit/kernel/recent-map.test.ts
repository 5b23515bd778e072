import { expect, test } from 'vitest'
import { RecentMap } from '../../../src/kernel/recent-map.ts'

test('keeps what was used last, and never more than twice that', () => {
  const map = new RecentMap<number, string>(100)
  for (let key = 0; key < 10_000; key += 1) {
    map.set(key, `value ${key}`)
    expect(map.get(0)).toBe('value 0')
    expect(map.size).toBeLessThanOrEqual(200)
  }
  for (let key = 9_901; key < 10_000; key += 1) expect(map.get(key)).toBe(`value ${key}`)
  expect(map.get(1)).toBeUndefined()
})

test('has one value of a key, and forgets it', () => {
  const map = new RecentMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  expect([map.get('a'), map.size]).toEqual([3, 2])
  map.delete('a')
  expect(map.get('a')).toBeUndefined()
  map.clear()
  expect([map.get('b'), map.size]).toEqual([undefined, 0])
})
