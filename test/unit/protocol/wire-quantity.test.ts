import { describe, expect, test } from 'vitest'
import { canonicalAllocations, checkAllocations } from '../../../src/protocol/check-allocations.ts'
import type { UsageAllocation } from '../../../src/protocol/fields.ts'
import { validateInput } from '../../../src/protocol/validate.ts'
import { microOf } from '../../../src/protocol/wire-quantity.ts'

const whole = (quantity: number) => ({ whole: quantity, decimal: undefined })
const decimal = (quantity: string) => ({ whole: undefined, decimal: quantity })
const share = (quantity: string, ...tags: [string, string][]): UsageAllocation => ({
  AllocatedUsageQuantityAsDecimal: quantity,
  ...(tags.length > 0 && { Tags: tags.map(([Key, Value]) => ({ Key, Value })) }),
})

function outcomeOf(...given: Parameters<typeof checkAllocations>): bigint | string {
  const outcome = checkAllocations(...given)
  return outcome.ok ? outcome.value : outcome.failure.name
}

describe('a decimal quantity', () => {
  test.each([
    ['0', 0n],
    ['17.42', 17_420_000n],
    ['0.000001', 1n],
    ['9999999999.999999', 9_999_999_999_999_999n],
  ])('%s is counted in millionths', (text, micro) => {
    expect(microOf(decimal(text))).toBe(micro)
  })

  test('is the same as the whole number of its value', () => {
    const values = [decimal('17'), decimal('17.0'), decimal('17.00'), whole(17)].map(microOf)
    expect(new Set(values)).toEqual(new Set([17_000_000n]))
  })

  test('is 0 where neither form is given', () => {
    expect(microOf({ whole: undefined, decimal: undefined })).toBe(0n)
  })

  test.each(['', '.5', '01', '1.', '-1', '1e3', '0.0000001', '12345678901', ' 1', '1\n'])(
    '%j is none',
    (text) => {
      const input = {
        ProductCode: 'code',
        Timestamp: 0,
        UsageDimension: 'requests',
        UsageQuantityAsDecimal: text,
      }
      expect(validateInput('MeterUsage', input)).toMatchObject({
        failure: { name: 'ValidationException' },
      })
    },
  )

  test('and a whole number together are refused', () => {
    expect(outcomeOf({ whole: 1, decimal: '1' }, undefined)).toBe('ValidationException')
  })
})

describe('decimal allocations', () => {
  test('add up to the quantity by value', () => {
    const both = [share('0.1'), share('0.2', ['team', 'a'])]
    expect(outcomeOf(decimal('0.3'), both)).toBe(300_000n)
    expect(outcomeOf(decimal('0.31'), both)).toBe('InvalidUsageAllocationsException')
  })

  test('are needed where the quantity is a decimal', () => {
    expect(outcomeOf(decimal('1'), [{ AllocatedUsageQuantity: 1 }])).toBe(
      'InvalidUsageAllocationsException',
    )
  })

  test.each([
    ['both', { AllocatedUsageQuantity: 1, AllocatedUsageQuantityAsDecimal: '1' }],
    ['none', {}],
  ])('with %s of the forms are refused', (_name, allocation) => {
    expect(outcomeOf(whole(1), [allocation])).toBe('InvalidUsageAllocationsException')
  })

  test('are compared by value', () => {
    expect(canonicalAllocations([share('2.50')])).toBe(canonicalAllocations([share('2.5')]))
    expect(canonicalAllocations([share('2.0')])).toBe(
      canonicalAllocations([{ AllocatedUsageQuantity: 2 }]),
    )
  })
})
