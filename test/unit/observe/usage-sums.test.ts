import { expect, test } from 'vitest'
import { UsageSums } from '../../../src/observe/prometheus/usage-sums.ts'

test('what is reported between two readings is added up by dimension, and passed once', () => {
  const sums = new UsageSums()
  sums.add('requests', { accepted: 1, duplicates: 0, late: 0, quantity: 3n })
  sums.add('requests', { accepted: 1, duplicates: 2, late: 1, quantity: 4n })
  sums.add('storage', { accepted: 0, duplicates: 1, late: 0, quantity: 0n })
  const taken: unknown[] = []
  sums.take((sum) => taken.push({ ...sum }))
  expect(taken).toEqual([
    { dimension: 'requests', accepted: 2, duplicates: 2, late: 1, quantity: 7n },
    { dimension: 'storage', accepted: 0, duplicates: 1, late: 0, quantity: 0n },
  ])
  sums.take((sum) => taken.push(sum))
  expect(taken).toHaveLength(2)
})
