import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocateSteps, fitAllocations } from '../../../../src/metering/record/allocations.ts'
import { canonicalTags, tagsOf, untagged } from '../../../../src/metering/tags.ts'

const team = (name: string) => canonicalTags([{ key: 'team', value: name }])
const sum = (parts: readonly { readonly steps: bigint }[]) =>
  parts.reduce((total, { steps }) => total + steps, 0n)

describe('dividing whole units over tag sets', () => {
  test('gives every set its own whole units and the rest to the largest remainders', () => {
    const cells = [
      { tags: team('a'), quantity: 2_700_000n },
      { tags: team('b'), quantity: 1_600_000n },
      { tags: team('c'), quantity: 700_000n },
    ]
    expect(allocateSteps(5n, cells, 1_000_000n)).toEqual([
      { tags: team('a'), steps: 3n },
      { tags: team('b'), steps: 1n },
      { tags: team('c'), steps: 1n },
    ])
  })

  test('breaks ties by the tag set, so that the same cells always give the same parts', () => {
    const cells = ['b', 'a'].map((name) => ({ tags: team(name), quantity: 500_000n }))
    const parts = allocateSteps(1n, cells, 1_000_000n)
    expect(parts).toEqual([
      { tags: team('b'), steps: 0n },
      { tags: team('a'), steps: 1n },
    ])
  })

  test('puts steps of earlier hours into the untagged bucket', () => {
    expect(allocateSteps(7n, [{ tags: team('a'), quantity: 2n }], 1n)).toEqual([
      { tags: untagged, steps: 5n },
      { tags: team('a'), steps: 2n },
    ])
  })

  test('always adds up to the whole, and no set is off by a whole unit', () => {
    const cell = fc.record({
      tags: fc.integer({ min: 0, max: 40 }).map((id) => (id === 0 ? untagged : team(`t${id}`))),
      quantity: fc.bigInt({ min: 0n, max: 10n ** 18n }),
    })
    const cells = fc.uniqueArray(cell, { selector: ({ tags }) => tags, minLength: 1 })
    const unit = fc.bigInt({ min: 1n, max: 10n ** 12n })
    fc.assert(
      fc.property(cells, unit, fc.bigInt({ min: 0n, max: 10n ** 12n }), (held, size, more) => {
        const total = held.reduce((all, { quantity }) => all + quantity, more % size)
        const parts = allocateSteps(total / size, held, size)
        expect(sum(parts)).toBe(total / size)
        for (const { tags, quantity } of held) {
          const whole = parts.find((part) => part.tags === tags)?.steps ?? 0n
          expect(whole - quantity / size).toBeOneOf([0n, 1n])
        }
      }),
    )
  })
})

describe("AWS's limits for allocations", () => {
  test('leave alone what fits', () => {
    const cells = [
      { tags: untagged, quantity: 1n },
      { tags: team('a'), quantity: 2n },
    ]
    expect(fitAllocations(cells, 'whole')).toEqual({ cells, folded: 0 })
  })

  test('send the smallest of more than 2,499 tag sets to the untagged bucket', () => {
    const cells = Array.from({ length: 2600 }, (_, index) => ({
      tags: team(`t${index}`),
      quantity: BigInt(index + 1),
    }))
    const fitted = fitAllocations(cells, 'whole')
    expect(fitted.folded).toBe(101)
    expect(fitted.cells).toHaveLength(2500)
    const bucket = fitted.cells.find(({ tags }) => tags === untagged)
    expect(bucket?.quantity).toBe(BigInt((101 * 102) / 2))
  })

  test('keep a request within 1 MiB: 2,500 sets of five 64-character tags lose the smallest', () => {
    const keys = Array.from({ length: 5 }, (_, index) => `${'k'.repeat(63)}${index}`)
    const tagsOfSet = (set: number) =>
      keys.map((key) => ({ key, value: String(set).padStart(64, '0') }))
    const cells = Array.from({ length: 2500 }, (_, index) => ({
      tags: canonicalTags(tagsOfSet(index)),
      quantity: BigInt(index + 1) * 1_000_000n,
    }))
    const fitted = fitAllocations(cells, 'whole')
    const total = cells.reduce((all, { quantity }) => all + quantity, 0n)
    expect(fitted.cells.reduce((all, { quantity }) => all + quantity, 0n)).toBe(total)
    const kept = fitted.cells.filter(({ tags }) => tags !== untagged)
    expect(kept.length).toBe(2500 - fitted.folded)
    expect(kept.at(-1)?.tags).toBe(cells.at(-1)?.tags)

    const body = JSON.stringify({
      ProductCode: 'p'.repeat(255),
      UsageDimension: 'd'.repeat(255),
      Timestamp: 1_773_133_199.999,
      UsageQuantity: 2_147_483_647,
      ClientToken: 'c'.repeat(64),
      UsageAllocations: fitted.cells.map(({ tags }) => ({
        AllocatedUsageQuantity: 2_147_483_647,
        ...(tags !== untagged && {
          Tags: tagsOf(tags).map(({ key, value }) => ({ Key: key, Value: value })),
        }),
      })),
    })
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1_048_576)
    expect(Buffer.byteLength(body)).toBeGreaterThan(1_048_576 - 10_000)
  })

  test('leave room for decimals, which are longer than whole numbers', () => {
    const key = 'k'.repeat(100)
    const cells = Array.from({ length: 2499 }, (_, index) => ({
      tags: canonicalTags([{ key, value: String(index).padStart(250, '0') }]),
      quantity: 1n,
    }))
    const [whole, decimal] = (['whole', 'decimal'] as const).map(
      (form) => fitAllocations(cells, form).cells.length,
    )
    const body = JSON.stringify(
      cells.slice(0, decimal).map(({ tags }) => ({
        AllocatedUsageQuantityAsDecimal: '2147483646.999999',
        Tags: tagsOf(tags).map((tag) => ({ Key: tag.key, Value: tag.value })),
      })),
    )
    expect(decimal).toBeLessThan(whole ?? 0)
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1_048_576 - 8000)
  })

  test('count what a name takes in UTF-8 and in quotes', () => {
    const value = '"\u{1f600}'.repeat(80)
    const cells = Array.from({ length: 2499 }, (_, index) => ({
      tags: canonicalTags([{ key: 'k', value: `${index}${value}` }]),
      quantity: 1n,
    }))
    const { cells: kept } = fitAllocations(cells, 'whole')
    const sets = kept.filter(({ tags }) => tags !== untagged)
    const bytes = sets.map(({ tags }) => Buffer.byteLength(JSON.stringify(tagsOf(tags))) + 50)
    expect(bytes.reduce((all, each) => all + each, 0)).toBeLessThan(1_060_000)
    expect(sets.length).toBeLessThan(2499)
  })

  test('keep the keys of the largest sets when there are more than five', () => {
    const cells = Array.from({ length: 7 }, (_, index) => ({
      tags: canonicalTags([{ key: `key${index}`, value: 'x' }]),
      quantity: BigInt(index + 1),
    }))
    const fitted = fitAllocations(cells, 'whole')
    expect(fitted.folded).toBe(2)
    expect(fitted.cells[0]).toEqual({ tags: untagged, quantity: 3n })
    expect(fitted.cells.slice(1)).toEqual(cells.slice(2))
  })
})
