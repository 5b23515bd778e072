import { describe, expect, test } from 'vitest'
import { canonicalAllocations, checkAllocations } from '../../../src/protocol/check-allocations.ts'
import type { UsageAllocation } from '../../../src/protocol/fields.ts'

function allocation(quantity: number, ...tags: [string, string][]): UsageAllocation {
  return {
    AllocatedUsageQuantity: quantity,
    ...(tags.length === 0 ? {} : { Tags: tags.map(([Key, Value]) => ({ Key, Value })) }),
  }
}

function nameOf(quantity: number, allocations: UsageAllocation[]): string {
  const outcome = checkAllocations({ whole: quantity, decimal: undefined }, allocations)
  return outcome.ok ? 'ok' : outcome.failure.name
}

describe('allocations', () => {
  test('that add up to the quantity, one of them untagged, pass', () => {
    expect(nameOf(10, [allocation(4, ['team', 'a']), allocation(6)])).toBe('ok')
  })

  test('may be absent', () => {
    expect(checkAllocations({ whole: 10, decimal: undefined }, undefined).ok).toBe(true)
  })

  test('that do not add up are refused', () => {
    expect(nameOf(10, [allocation(4), allocation(5, ['team', 'a'])])).toBe(
      'InvalidUsageAllocationsException',
    )
  })

  test('with the same tags twice, in another order, are refused', () => {
    const both = [allocation(1, ['a', '1'], ['b', '2']), allocation(1, ['b', '2'], ['a', '1'])]
    expect(nameOf(2, both)).toBe('InvalidUsageAllocationsException')
  })

  test('may be untagged once only', () => {
    expect(nameOf(2, [allocation(1), allocation(1)])).toBe('InvalidUsageAllocationsException')
  })

  test('use at most five distinct tag keys', () => {
    const keys = (count: number) =>
      Array.from({ length: count }, (_, i) => allocation(1, [`key${i}`, 'v']))
    expect(nameOf(5, keys(5))).toBe('ok')
    expect(nameOf(6, keys(6))).toBe('InvalidTagException')
  })

  test('have no key twice in one set', () => {
    expect(nameOf(1, [allocation(1, ['a', '1'], ['a', '2'])])).toBe('InvalidTagException')
  })

  test('mean the same in any order', () => {
    const one = [allocation(1, ['a', '1'], ['b', '2']), allocation(2)]
    const other = [allocation(2), allocation(1, ['b', '2'], ['a', '1'])]
    expect(canonicalAllocations(one)).toBe(canonicalAllocations(other))
    expect(canonicalAllocations(one)).not.toBe(canonicalAllocations([allocation(3)]))
    expect(canonicalAllocations([])).toBe(canonicalAllocations(undefined))
  })
})
